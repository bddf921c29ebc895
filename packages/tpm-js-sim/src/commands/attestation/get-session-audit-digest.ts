import { command, plain, user } from "../../memory/command.js";
import { attest, signerOf } from "../../objects/attestation.js";
import { tags } from "../../tables/tags.js";
import { struct } from "../../wire/codec.js";
import {
  Tpm2bAttest,
  Tpm2bData,
  TpmsSessionAuditInfo,
  TpmtSignatureOrNull,
  TpmtSigScheme,
} from "../../wire/structures.js";
import { handle, TpmError } from "../../wire/tpm-error.js";

/** Part 3, TPM2_GetSessionAuditDigest. With NULL for the key nothing is signed. */
export const getSessionAuditDigest = command({
  name: "GetSessionAuditDigest",
  code: 0x14d,
  handles: [user("privacyAdmin"), user("objectOrNull"), plain("hmacSession")],
  parameters: struct({ qualifyingData: Tpm2bData, inScheme: TpmtSigScheme }),
  response: struct({ auditInfo: Tpm2bAttest, signature: TpmtSignatureOrNull }),
  run: (memory, [, entity, { handle: sessionHandle, session }], { qualifyingData: extraData, inScheme }) => {
    const signer = signerOf(entity, inScheme, { handle: 2, scheme: 2 });
    if (session.auditDigest === undefined) throw new TpmError("type", handle(3));
    const exclusiveSession = memory.exclusiveAudit === sessionHandle ? 1 : 0;
    const value = { exclusiveSession, sessionDigest: session.auditDigest };
    const what = { type: tags.attestSessionAudit, extraData, codec: TpmsSessionAuditInfo, value };
    const { attested: auditInfo, signature } = attest(memory, signer, what);
    return { auditInfo, signature };
  },
});
