import { applyAuthorization, checkLimits, expiryOf, grantTicket } from "../../authorization/policy.js";
import { digest } from "../../crypto/crypto.js";
import { command, plain } from "../../memory/command.js";
import { verifyDigest } from "../../objects/signing.js";
import { algorithms } from "../../tables/algorithms.js";
import { tags } from "../../tables/tags.js";
import { struct } from "../../wire/codec.js";
import { Int32, Tpm2bDigest, Tpm2bTimeout, TpmtSignature, TpmtTicket } from "../../wire/structures.js";
import { blaming, parameter, TpmError } from "../../wire/tpm-error.js";

const code = 0x160;
const places = { nonce: parameter(1), cpHash: parameter(2), expiration: parameter(4) };

function hashOfSignature(signature: TpmtSignature): number {
  return signature.sigAlg === algorithms.hmac ? signature.mac.hashAlg : signature.hashAlg;
}

/**
 * Part 3, TPM2_PolicySigned: the owner of the key has signed this session's nonce, or an authorization for every
 * session.
 */
export const policySigned = command({
  name: "PolicySigned",
  code,
  handles: [plain("key"), plain("policySession")],
  parameters: struct({
    nonceTpm: Tpm2bDigest,
    cpHashA: Tpm2bDigest,
    policyRef: Tpm2bDigest,
    expiration: Int32,
    auth: TpmtSignature,
  }),
  response: struct({ timeout: Tpm2bTimeout, policyTicket: TpmtTicket }),
  run: (memory, [{ key, name }, { session }], { nonceTpm, cpHashA, policyRef, expiration, auth }) => {
    const trial = session.type === "trial";
    const expiresAt = trial ? undefined : expiryOf(memory, session, expiration, nonceTpm);
    const limits = { nonceTpm, cpHashA, policyRef, expiresAt };
    if (!trial) {
      checkLimits(memory, session, limits, places);
      const signed = digest(hashOfSignature(auth), nonceTpm, Int32.encode(expiration), cpHashA, policyRef);
      const right = blaming(parameter(5), () => verifyDigest(key, signed, auth));
      if (!right) throw new TpmError("signature", parameter(5));
    }
    applyAuthorization(session, code, name, limits);
    return grantTicket(memory, session, { tag: tags.authSigned, hierarchy: key.hierarchy, name, limits, expiration });
  },
});
