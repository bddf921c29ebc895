import { u32 } from "./codec.js";
import type { Entity, EntityKinds, HandleSpec } from "./command.js";
import type { TpmMemory } from "./state.js";
import { handleType, handleTypes, hierarchies, isInRange } from "./tables/handles.js";
import { responseCodes } from "./tables/response-codes.js";
import { handle as handlePlace, TpmError } from "./tpm-error.js";

const objects = [handleTypes.transient, handleTypes.persistent];
const allHierarchies: readonly number[] = Object.values(hierarchies);
const primaryHierarchies = [hierarchies.owner, hierarchies.endorsement, hierarchies.platform, hierarchies.null];
const namedHierarchies = allHierarchies.filter((hierarchy) => hierarchy !== hierarchies.null);

interface Accepted {
  readonly types: readonly number[];
  readonly permanent: readonly number[];
}

/** Part 2, clause 9 (interface types): which handles each kind takes. */
const accepted: Readonly<Record<keyof EntityKinds, Accepted>> = {
  key: { types: objects, permanent: [] },
  object: { types: objects, permanent: [] },
  objectOrNull: { types: objects, permanent: [hierarchies.null] },
  entity: { types: objects, permanent: namedHierarchies },
  entityOrNull: { types: objects, permanent: allHierarchies },
  hierarchy: { types: [], permanent: primaryHierarchies },
  provision: { types: [], permanent: [hierarchies.owner, hierarchies.platform] },
  policySession: { types: [handleTypes.policySession], permanent: [] },
};

const noName = Buffer.alloc(0);

function objectAt(memory: TpmMemory, handle: number, number: number): Entity {
  const persistent = handleType(handle) === handleTypes.persistent;
  const object = persistent ? memory.persistent.get(handle) : memory.transient.get(handle);
  if (object?.is === "key") return { is: "key", handle, name: object.name, key: object };
  if (object?.is === "sequence") return { is: "sequence", handle, name: noName, sequence: object };
  if (persistent) throw new TpmError("handle", handlePlace(number));
  // A warning, for a resource manager could load the object and try again.
  throw new TpmError("referenceHandle", undefined, { code: responseCodes.referenceHandle + number - 1 });
}

function sessionAt(memory: TpmMemory, handle: number, number: number): Entity {
  const session = memory.sessions.get(handle);
  if (session !== undefined) return { is: "session", handle, name: u32.encode(handle), session };
  throw new TpmError("referenceHandle", undefined, { code: responseCodes.referenceHandle + number - 1 });
}

/**
 * Checks that a handle is of a kind that the command takes, there or not.
 * @param number of the handle in the command, from 1
 * @throws TpmError TPM_RC_VALUE
 */
export function checkHandle(handle: number, spec: HandleSpec, number: number): void {
  const { types, permanent } = accepted[spec.kind];
  const suits = permanent.includes(handle) || (types.includes(handleType(handle)) && isInRange(handle));
  if (!suits) throw new TpmError("value", handlePlace(number));
}

/**
 * Finds what a command's handle means, once {@link checkHandle} has seen all of them.
 * @throws TpmError TPM_RC_HANDLE or TPM_RC_REFERENCE_Hn for a missing one, TPM_RC_TYPE for a sequence in a key's place
 */
export function entityAt(memory: TpmMemory, handle: number, spec: HandleSpec, number: number): Entity {
  if (handleType(handle) === handleTypes.permanent) return { is: "hierarchy", handle, name: u32.encode(handle) };
  if (handleType(handle) === handleTypes.policySession) return sessionAt(memory, handle, number);
  const entity = objectAt(memory, handle, number);
  const keyWanted = spec.kind === "key" || spec.kind === "entity" || spec.kind === "entityOrNull";
  if (keyWanted && entity.is !== "key") throw new TpmError("type", handlePlace(number));
  return entity;
}
