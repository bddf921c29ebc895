import { struct, u16, u32 } from "../codec.js";
import { command, user } from "../command.js";
import { digest, hashOf, hmac } from "../crypto.js";
import { makePrimary } from "../primary.js";
import { checkPublicArea, checkReadable } from "../public-checks.js";
import { trimmed } from "../sessions.js";
import { freeHandle } from "../slots.js";
import {
  Tpm2bCreationData,
  Tpm2bData,
  Tpm2bDigest,
  Tpm2bName,
  Tpm2bPublic,
  Tpm2bSensitiveCreate,
  TpmlPcrSelection,
  TpmsCreationData,
  type TpmtPublic,
  TpmtTicket,
} from "../structures.js";
import { algorithms } from "../tables/algorithms.js";
import { has, objectAttributes } from "../tables/attributes.js";
import { firstHandles } from "../tables/handles.js";
import { tags } from "../tables/tags.js";
import { blaming, parameter, TpmError } from "../tpm-error.js";

function checkTemplate(template: TpmtPublic): void {
  checkReadable(template);
  checkPublicArea(template, true);
  if (template.type !== algorithms.rsa && template.type !== algorithms.ecc) throw new TpmError("type");
  // An asymmetric key cannot be given from outside, so the TPM must be its origin.
  if (!has(template.objectAttributes, objectAttributes.sensitiveDataOrigin)) throw new TpmError("attributes");
}

/** Part 3, TPM2_CreatePrimary */
export const createPrimary = command({
  name: "CreatePrimary",
  code: 0x131,
  handles: [user("hierarchy")],
  parameters: struct({
    inSensitive: Tpm2bSensitiveCreate,
    inPublic: Tpm2bPublic,
    outsideInfo: Tpm2bData,
    creationPcr: TpmlPcrSelection,
  }),
  response: struct({
    outPublic: Tpm2bPublic,
    creationData: Tpm2bCreationData,
    creationHash: Tpm2bDigest,
    creationTicket: TpmtTicket,
    name: Tpm2bName,
  }),
  makesHandle: true,
  run: (memory, [{ handle: hierarchy, name: parentName }], { inSensitive, inPublic, outsideInfo, creationPcr }) => {
    if (inSensitive.data.length > 0) throw new TpmError("attributes", parameter(1));
    blaming(parameter(2), () => checkTemplate(inPublic));
    if (inSensitive.userAuth.length > hashOf(inPublic.nameAlg).digestSize) throw new TpmError("size", parameter(1));
    // PCRs come with tier C; a digest over PCRs that are not there would be a lie.
    if (creationPcr.length > 0) throw new TpmError("value", parameter(4));
    const handle = freeHandle(firstHandles.transient, memory.transient.keys(), "objectMemory");
    const hierarchySeed = memory.seeds.get(hierarchy);
    if (hierarchySeed === undefined) throw new TpmError("hierarchy");
    const authValue = trimmed(inSensitive.userAuth);
    const key = makePrimary({ hierarchy, template: inPublic, hierarchySeed, hints: memory.hints, authValue });
    const creationData = {
      pcrSelect: creationPcr,
      pcrDigest: digest(inPublic.nameAlg),
      locality: 1,
      parentNameAlg: algorithms.null,
      parentName,
      parentQualifiedName: parentName,
      outsideInfo,
    };
    const creationHash = digest(inPublic.nameAlg, TpmsCreationData.encode(creationData));
    const proof = hmac(algorithms.sha256, hierarchySeed, Buffer.from("proof"));
    const ticket = hmac(
      algorithms.sha256,
      proof,
      u16.encode(tags.creation),
      key.name,
      creationHash,
      u32.encode(hierarchy),
    );
    const creationTicket = { tag: tags.creation, hierarchy, digest: ticket };
    memory.transient.set(handle, key);
    return {
      handle,
      response: { outPublic: key.publicArea, creationData, creationHash, creationTicket, name: key.name },
    };
  },
});
