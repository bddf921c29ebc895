import type { Entity, EntityKinds, HandleSpec } from "../memory/command.js";
import { nvName } from "../memory/nv.js";
import type { TpmMemory } from "../memory/state.js";
import { handleType, handleTypes, hierarchies, isInRange } from "../tables/handles.js";
import { pcrCount } from "../tables/properties.js";
import { responseCodes } from "../tables/response-codes.js";
import { u32 } from "../wire/codec.js";
import { handle as handlePlace, TpmError } from "../wire/tpm-error.js";

const objects = [handleTypes.transient, handleTypes.persistent];
const { nvIndex, pcr } = handleTypes;
const allHierarchies: readonly number[] = Object.values(hierarchies);
const { owner, endorsement, platform, lockout } = hierarchies;
const primaryHierarchies = [owner, endorsement, platform, hierarchies.null];
const namedHierarchies = [owner, endorsement, platform, lockout];

interface Accepted {
  readonly types: readonly number[];
  readonly permanent: readonly number[];
}

/** Part 2, clause 9 (interface types): which handles each kind takes. */
const accepted: Readonly<Record<keyof EntityKinds, Accepted>> = {
  key: { types: objects, permanent: [] },
  object: { types: objects, permanent: [] },
  objectOrNull: { types: objects, permanent: [hierarchies.null] },
  entity: { types: [...objects, pcr, nvIndex], permanent: namedHierarchies },
  entityOrNull: { types: [...objects, pcr, nvIndex], permanent: allHierarchies },
  parent: { types: objects, permanent: primaryHierarchies },
  hierarchy: { types: [], permanent: primaryHierarchies },
  platform: { types: [], permanent: [platform] },
  provision: { types: [], permanent: [owner, platform] },
  policySession: { types: [handleTypes.policySession], permanent: [] },
  hmacSession: { types: [handleTypes.hmacSession], permanent: [] },
  privacyAdmin: { types: [], permanent: [endorsement] },
  context: { types: [handleTypes.transient, handleTypes.hmacSession, handleTypes.policySession], permanent: [] },
  pcr: { types: [pcr], permanent: [] },
  pcrOrNull: { types: [pcr], permanent: [hierarchies.null] },
  clear: { types: [], permanent: [lockout, platform] },
  lockout: { types: [], permanent: [lockout] },
  hierarchyAuth: { types: [], permanent: namedHierarchies },
  nvAuth: { types: [nvIndex], permanent: [owner, platform] },
  nvIndex: { types: [nvIndex], permanent: [] },
};

const keysOnly: readonly (keyof EntityKinds)[] = ["key", "parent"];
const noName = Buffer.alloc(0);

function missing(number: number): TpmError {
  // A warning: a resource manager could load the missing object or session and try again.
  return new TpmError("referenceHandle", undefined, { code: responseCodes.referenceHandle + number - 1 });
}

function objectAt(memory: TpmMemory, handle: number, number: number): Entity {
  const persistent = handleType(handle) === handleTypes.persistent;
  const object = persistent ? memory.persistent.get(handle) : memory.transient.get(handle);
  if (object?.is === "key") return { is: "key", handle, name: object.name, key: object };
  if (object?.is === "sequence") return { is: "sequence", handle, name: noName, sequence: object };
  if (persistent) throw new TpmError("handle", handlePlace(number));
  throw missing(number);
}

function sessionAt(memory: TpmMemory, handle: number, number: number): Entity {
  const session = memory.sessions.get(handle);
  if (session !== undefined) return { is: "session", handle, name: u32.encode(handle), session };
  // A slot holds one session, of either kind.
  const otherKind = [...memory.sessions.keys()].some((each) => ((each ^ handle) & 0x00ff_ffff) === 0);
  if (otherKind) throw new TpmError("handle", handlePlace(number));
  throw missing(number);
}

function nvAt(memory: TpmMemory, handle: number, number: number): Entity {
  const nv = memory.nv.get(handle);
  if (nv === undefined) throw new TpmError("handle", handlePlace(number));
  return { is: "nv", handle, name: nvName(nv), nv };
}

/**
 * Checks that a handle is of a kind that the command takes, whether its entity exists or not.
 * @param number of the handle in the command, from 1
 * @throws TpmError TPM_RC_VALUE
 */
export function checkHandle(handle: number, spec: HandleSpec, number: number): void {
  const { types, permanent } = accepted[spec.kind];
  const type = handleType(handle);
  const inRange = type === pcr ? handle < pcrCount : isInRange(handle);
  const suits = permanent.includes(handle) || (types.includes(type) && inRange);
  if (!suits) throw new TpmError("value", handlePlace(number));
}

/**
 * Finds the entity of a command's handle, after {@link checkHandle} has checked all handles.
 * @throws TpmError TPM_RC_HANDLE or TPM_RC_REFERENCE_Hn for a missing entity
 */
export function entityAt(memory: TpmMemory, handle: number, number: number): Entity {
  const type = handleType(handle);
  if (type === handleTypes.permanent) return { is: "hierarchy", handle, name: u32.encode(handle) };
  if (type === pcr) return { is: "pcr", handle, name: u32.encode(handle) };
  if (type === nvIndex) return nvAt(memory, handle, number);
  if (type === handleTypes.policySession || type === handleTypes.hmacSession) return sessionAt(memory, handle, number);
  return objectAt(memory, handle, number);
}

/**
 * @throws TpmError TPM_RC_TYPE for a sequence in a key's place. Checked last, when everything else was read and
 * authorized
 */
export function checkEntity(entity: Entity, spec: HandleSpec, number: number): void {
  if (keysOnly.includes(spec.kind) && entity.is === "sequence") throw new TpmError("type", handlePlace(number));
}
