import { clockInfo, firmwareVersion } from "../clock.js";
import { struct } from "../codec.js";
import { command, plain, user } from "../command.js";
import { digest } from "../crypto.js";
import { checkSigner, chooseScheme, signDigest } from "../signing.js";
import { Tpm2bAttest, Tpm2bData, TpmsAttestSessionAudit, TpmtSignatureOrNull, TpmtSigScheme } from "../structures.js";
import { algorithms } from "../tables/algorithms.js";
import { tags } from "../tables/tags.js";
import { generatedValue } from "../tickets.js";
import { handle, parameter, TpmError } from "../tpm-error.js";

/** Part 3, TPM2_GetSessionAuditDigest. With NULL for the key nothing is signed. */
export const getSessionAuditDigest = command({
  name: "GetSessionAuditDigest",
  code: 0x14d,
  handles: [user("privacyAdmin"), user("objectOrNull"), plain("hmacSession")],
  parameters: struct({ qualifyingData: Tpm2bData, inScheme: TpmtSigScheme }),
  response: struct({ auditInfo: Tpm2bAttest, signature: TpmtSignatureOrNull }),
  run: (memory, [, signer, { handle: sessionHandle, session }], { qualifyingData, inScheme }) => {
    if (signer.is === "sequence") throw new TpmError("key", handle(2));
    const key = signer.is === "key" ? signer.key : undefined;
    if (key !== undefined) checkSigner(key, handle(2));
    const scheme = key && chooseScheme(key, inScheme, parameter(2));
    if (session.auditDigest === undefined) throw new TpmError("type", handle(3));
    const auditInfo = TpmsAttestSessionAudit.encode({
      magic: generatedValue,
      type: tags.attestSessionAudit,
      qualifiedSigner: key?.qualifiedName ?? signer.name,
      extraData: qualifyingData,
      clockInfo: clockInfo(memory),
      firmwareVersion,
      exclusiveSession: memory.exclusiveAudit === sessionHandle ? 1 : 0,
      sessionDigest: session.auditDigest,
    });
    if (key === undefined || scheme === undefined) return { auditInfo, signature: { sigAlg: algorithms.null } };
    return { auditInfo, signature: signDigest(memory, key, scheme, digest(scheme.hashAlg, auditInfo)) };
  },
});
