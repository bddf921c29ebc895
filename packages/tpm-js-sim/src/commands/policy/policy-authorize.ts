import { clearPolicyDigest, extendPolicyBy } from "../../authorization/policy.js";
import { makeTicket, type Ticket } from "../../authorization/tickets.js";
import { digest } from "../../crypto/crypto.js";
import { command, plain } from "../../memory/command.js";
import type { Session, TpmMemory } from "../../memory/state.js";
import { hashes } from "../../tables/algorithms.js";
import { tags } from "../../tables/tags.js";
import { struct } from "../../wire/codec.js";
import { Tpm2bDigest, Tpm2bName, ticketOf } from "../../wire/structures.js";
import { parameter, TpmError } from "../../wire/tpm-error.js";

const code = 0x16a;

interface Approval {
  readonly approvedPolicy: Buffer;
  readonly policyRef: Buffer;
  readonly keySign: Buffer;
  readonly checkTicket: Ticket;
}

/** Checks that the policy so far is the approved one, and that this TPM has verified a signature over it. */
function check(memory: TpmMemory, session: Session, approval: Approval): void {
  const { approvedPolicy, policyRef, keySign, checkTicket } = approval;
  const hash = keySign.length < 2 ? undefined : hashes.get(keySign.readUInt16BE(0));
  if (hash === undefined) throw new TpmError("hash", parameter(3));
  if (keySign.length !== 2 + hash.digestSize) throw new TpmError("size", parameter(3));
  if (!approvedPolicy.equals(session.policyDigest)) throw new TpmError("value", parameter(1));
  const signed = digest(keySign.readUInt16BE(0), approvedPolicy, policyRef);
  const ours = makeTicket(memory, tags.verified, checkTicket.hierarchy, signed, keySign);
  if (!ours.digest.equals(checkTicket.digest)) throw new TpmError("value", parameter(4));
}

/** Part 3, TPM2_PolicyAuthorize: the policy so far must be approved by the owner of a key. */
export const policyAuthorize = command({
  name: "PolicyAuthorize",
  code,
  handles: [plain("policySession")],
  parameters: struct({
    approvedPolicy: Tpm2bDigest,
    policyRef: Tpm2bDigest,
    keySign: Tpm2bName,
    checkTicket: ticketOf(tags.verified),
  }),
  response: struct({}),
  run: (memory, [{ session }], approval) => {
    if (session.type !== "trial") check(memory, session, approval);
    clearPolicyDigest(session);
    extendPolicyBy(session, code, approval.keySign, approval.policyRef);
    return {};
  },
});
