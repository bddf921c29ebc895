import { makeTicket } from "../../authorization/tickets.js";
import { command, plain, user } from "../../memory/command.js";
import { attest, signerOf } from "../../objects/attestation.js";
import { tags } from "../../tables/tags.js";
import { struct } from "../../wire/codec.js";
import {
  Tpm2bAttest,
  Tpm2bData,
  Tpm2bDigest,
  TpmsCreationInfo,
  TpmtSignatureOrNull,
  TpmtSigScheme,
  ticketOf,
} from "../../wire/structures.js";
import { parameter, TpmError } from "../../wire/tpm-error.js";

/** Part 3, TPM2_CertifyCreation: certifies that this TPM made an object, and its creation data. */
export const certifyCreation = command({
  name: "CertifyCreation",
  code: 0x14a,
  handles: [user("objectOrNull"), plain("object")],
  parameters: struct({
    qualifyingData: Tpm2bData,
    creationHash: Tpm2bDigest,
    inScheme: TpmtSigScheme,
    creationTicket: ticketOf(tags.creation),
  }),
  response: struct({ certifyInfo: Tpm2bAttest, signature: TpmtSignatureOrNull }),
  run: (memory, [entity, { name: objectName }], { qualifyingData, creationHash, inScheme, creationTicket }) => {
    const signer = signerOf(entity, inScheme, { handle: 1, scheme: 3 });
    const ours = makeTicket(memory, tags.creation, creationTicket.hierarchy, objectName, creationHash);
    if (!ours.digest.equals(creationTicket.digest)) throw new TpmError("ticket", parameter(4));
    const value = { objectName, creationHash };
    const what = { type: tags.attestCreation, extraData: qualifyingData, codec: TpmsCreationInfo, value };
    const { attested: certifyInfo, signature } = attest(memory, signer, what);
    return { certifyInfo, signature };
  },
});
