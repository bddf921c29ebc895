import { admin, command, user } from "../../memory/command.js";
import { attest, signerOf } from "../../objects/attestation.js";
import { tags } from "../../tables/tags.js";
import { struct } from "../../wire/codec.js";
import { Tpm2bAttest, Tpm2bData, TpmsCertifyInfo, TpmtSignatureOrNull, TpmtSigScheme } from "../../wire/structures.js";

const noName = Buffer.alloc(0);

/** Part 3, TPM2_Certify: certifies that an object is in this TPM. A sequence has empty Names. */
export const certify = command({
  name: "Certify",
  code: 0x148,
  handles: [admin("object"), user("objectOrNull")],
  parameters: struct({ qualifyingData: Tpm2bData, inScheme: TpmtSigScheme }),
  response: struct({ certifyInfo: Tpm2bAttest, signature: TpmtSignatureOrNull }),
  run: (memory, [object, entity], { qualifyingData: extraData, inScheme }) => {
    const signer = signerOf(entity, inScheme, { handle: 2, scheme: 2 });
    const value = { name: object.name, qualifiedName: object.is === "key" ? object.key.qualifiedName : noName };
    const what = { type: tags.attestCertify, extraData, codec: TpmsCertifyInfo, value };
    const { attested: certifyInfo, signature } = attest(memory, signer, what);
    return { certifyInfo, signature };
  },
});
