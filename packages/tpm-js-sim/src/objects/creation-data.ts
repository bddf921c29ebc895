import { trimmed } from "../authorization/entity-auth.js";
import { makeTicket } from "../authorization/tickets.js";
import { digest } from "../crypto/crypto.js";
import type { TpmKey } from "../keys/keys.js";
import { checkPublicArea, hierarchyBits } from "../keys/public-checks.js";
import type { Entity } from "../memory/command.js";
import { filteredSelection, pcrDigest } from "../memory/pcrs.js";
import type { TpmMemory } from "../memory/state.js";
import { algorithms } from "../tables/algorithms.js";
import { has, objectAttributes } from "../tables/attributes.js";
import { tags } from "../tables/tags.js";
import { struct } from "../wire/codec.js";
import { hashOf } from "../wire/hashes.js";
import {
  Tpm2bData,
  Tpm2bPublicIn,
  Tpm2bSensitiveCreate,
  TpmlPcrSelection,
  TpmsCreationData,
  type TpmtPublic,
  TpmtSymDefObject,
} from "../wire/structures.js";
import { parameter, TpmError } from "../wire/tpm-error.js";

// Common code of CreatePrimary, Create and CreateLoaded (reference implementation, Object_spt.c).

/** The parameters of CreatePrimary and Create. */
export const creationParameters = struct({
  inSensitive: Tpm2bSensitiveCreate,
  inPublic: Tpm2bPublicIn,
  outsideInfo: Tpm2bData,
  creationPcr: TpmlPcrSelection,
});

/**
 * Checks the template of a new key, and where its secret comes from.
 * @param dataSize length of the secret data that the caller gives
 * @param parent undefined for a primary key
 * @throws TpmError without a place
 */
export function checkCreation(template: TpmtPublic, dataSize: number, parent: TpmKey | undefined): void {
  const is = (bit: keyof typeof objectAttributes): boolean => has(template.objectAttributes, objectAttributes[bit]);
  const byTpm = is("sensitiveDataOrigin");
  // Either the TPM or the caller provides the secret. For a primary key the TPM may do so even when the caller sends
  // data.
  if (!byTpm && dataSize === 0) throw new TpmError("attributes");
  if (byTpm && dataSize !== 0 && parent !== undefined) throw new TpmError("attributes");
  const asymmetric = template.type === algorithms.rsa || template.type === algorithms.ecc;
  if (asymmetric && !byTpm) throw new TpmError("attributes");
  // A restricted key that never leaves its parent must come from this TPM.
  if (!byTpm && is("restricted") && is("fixedParent")) throw new TpmError("attributes");
  const sealed = template.type === algorithms.keyedHash && !is("sign") && !is("decrypt");
  if (sealed && byTpm) throw new TpmError("attributes");
  checkPublicArea(template, parent?.publicArea.objectAttributes ?? hierarchyBits);
  if (parent !== undefined) checkLikeParent(template, parent.publicArea);
}

function symmetricOf({ type, parameters }: TpmtPublic): Buffer | undefined {
  if (type === algorithms.keyedHash) return undefined;
  return TpmtSymDefObject.encode(type === algorithms.symCipher ? parameters : parameters.symmetric);
}

/** A storage key that cannot leave its parent must use the parent's hash and cipher. */
function checkLikeParent(template: TpmtPublic, parent: TpmtPublic): void {
  const { objectAttributes: bits, nameAlg } = template;
  const storage = has(bits, objectAttributes.restricted) && has(bits, objectAttributes.decrypt);
  const [own, above] = [symmetricOf(template), symmetricOf(parent)];
  if (!storage || !has(bits, objectAttributes.fixedParent) || own === undefined || above === undefined) return;
  if (nameAlg !== parent.nameAlg) throw new TpmError("hash");
  if (!own.equals(above)) throw new TpmError("symmetric");
}

/**
 * An auth value without trailing zeros. @throws TpmError TPM_RC_SIZE, parameter 1, for a value longer than the Name's
 * digest
 */
export function checkedAuth(userAuth: Buffer, nameAlg: number): Buffer {
  const authValue = trimmed(userAuth);
  if (authValue.length > hashOf(nameAlg).digestSize) throw new TpmError("size", parameter(1));
  return authValue;
}

/** The circumstances in which a key was made. */
export interface Creation {
  readonly parent: Entity;
  readonly nameAlg: number;
  readonly creationPcr: TpmlPcrSelection;
  readonly outsideInfo: Buffer;
  readonly hierarchy: number;
  /** of the new key */
  readonly name: Buffer;
}

/** Creation data, their hash, and the ticket that proves them. */
export function creationOf(memory: TpmMemory, made: Creation) {
  const { parent, nameAlg, creationPcr, outsideInfo, hierarchy, name } = made;
  const pcrSelect = filteredSelection(creationPcr);
  const key = parent.is === "key" ? parent.key : undefined;
  const creationData = {
    pcrSelect,
    pcrDigest: pcrDigest(memory, nameAlg, pcrSelect),
    locality: 1,
    parentNameAlg: key?.publicArea.nameAlg ?? algorithms.null,
    parentName: parent.name,
    parentQualifiedName: key?.qualifiedName ?? parent.name,
    outsideInfo,
  };
  const creationHash = digest(nameAlg, TpmsCreationData.encode(creationData));
  const creationTicket = makeTicket(memory, tags.creation, hierarchy, name, creationHash);
  return { creationData, creationHash, creationTicket };
}

/** The secret data that the caller gives; undefined when the TPM makes the secret. */
export function givenData(template: TpmtPublic, data: Buffer): Buffer | undefined {
  return has(template.objectAttributes, objectAttributes.sensitiveDataOrigin) ? undefined : data;
}
