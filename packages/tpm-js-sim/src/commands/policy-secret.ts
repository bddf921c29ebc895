import { struct, u32 } from "../codec.js";
import { command, plain, user } from "../command.js";
import { digest } from "../crypto.js";
import type { Session } from "../state.js";
import { Int32, Tpm2bDigest, Tpm2bTimeout, TpmtTicket } from "../structures.js";
import { hierarchies } from "../tables/handles.js";
import { tags } from "../tables/tags.js";
import { parameter, TpmError } from "../tpm-error.js";

const code = 0x151;

interface Limits {
  readonly nonceTpm: Buffer;
  readonly cpHashA: Buffer;
  readonly expiration: number;
}

/** Reference implementation, PolicyParameterChecks. */
function check(session: Session, { nonceTpm, cpHashA, expiration }: Limits): void {
  if (nonceTpm.length > 0 && !nonceTpm.equals(session.nonceTpm)) throw new TpmError("nonce", parameter(1));
  if (cpHashA.length > 0 && cpHashA.length !== session.policyDigest.length) throw new TpmError("size", parameter(2));
  if (cpHashA.length > 0 && session.cpHash?.equals(cpHashA) === false) throw new TpmError("cpHash");
  if (expiration !== 0) throw new TpmError("value", parameter(4));
}

/** Part 3, TPM2_PolicySecret. Expiring authorizations are refused: this TPM has no clock, and all known clients send 0. */
export const policySecret = command({
  name: "PolicySecret",
  code,
  handles: [user("entity"), plain("policySession")],
  parameters: struct({ nonceTpm: Tpm2bDigest, cpHashA: Tpm2bDigest, policyRef: Tpm2bDigest, expiration: Int32 }),
  response: struct({ timeout: Tpm2bTimeout, policyTicket: TpmtTicket }),
  run: (_memory, [{ name }, { session }], { nonceTpm, cpHashA, policyRef, expiration }) => {
    const { hashAlg } = session;
    // A trial session only computes a digest.
    if (session.type !== "trial") check(session, { nonceTpm, cpHashA, expiration });
    // Part 1, PolicyUpdate(): twice, so that no policyRef can pass for part of a Name.
    const withName = digest(hashAlg, session.policyDigest, u32.encode(code), name);
    session.policyDigest = digest(hashAlg, withName, policyRef);
    if (cpHashA.length > 0) session.cpHash = cpHashA;
    const policyTicket = { tag: tags.authSecret, hierarchy: hierarchies.null, digest: Buffer.alloc(0) };
    return { timeout: Buffer.alloc(0), policyTicket };
  },
});
