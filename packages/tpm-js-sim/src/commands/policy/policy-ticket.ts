import { applyAuthorization, authTicket, checkLimits, decodeTimeout } from "../../authorization/policy.js";
import { command, plain } from "../../memory/command.js";
import { tags } from "../../tables/tags.js";
import { struct } from "../../wire/codec.js";
import { Tpm2bDigest, Tpm2bName, Tpm2bTimeout, ticketOf } from "../../wire/structures.js";
import { handle, parameter, TpmError } from "../../wire/tpm-error.js";
import { policySecret } from "./policy-secret.js";
import { policySigned } from "./policy-signed.js";

const places = { nonce: parameter(1), cpHash: parameter(2), expiration: parameter(1) };

/** Part 3, TPM2_PolicyTicket: uses an earlier authorization again while it is valid. */
export const policyTicket = command({
  name: "PolicyTicket",
  code: 0x172,
  handles: [plain("policySession")],
  parameters: struct({
    timeout: Tpm2bTimeout,
    cpHashA: Tpm2bDigest,
    policyRef: Tpm2bDigest,
    authName: Tpm2bName,
    ticket: ticketOf(tags.authSecret, tags.authSigned),
  }),
  response: struct({}),
  run: (memory, [{ session }], { timeout: timeoutBytes, cpHashA, policyRef, authName: name, ticket }) => {
    if (session.type === "trial") throw new TpmError("attributes", handle(1));
    if (timeoutBytes.length !== 8) throw new TpmError("size", parameter(1));
    const timeout = decodeTimeout(timeoutBytes);
    const limits = { nonceTpm: Buffer.alloc(0), cpHashA, policyRef, expiresAt: timeout.expiresAt };
    checkLimits(memory, session, limits, places);
    const tag = ticket.tag === tags.authSecret ? tags.authSecret : tags.authSigned;
    const ours = authTicket(memory, { tag, hierarchy: ticket.hierarchy, name, limits, timeout });
    if (!ours.digest.equals(ticket.digest)) throw new TpmError("ticket", parameter(5));
    applyAuthorization(session, (tag === tags.authSecret ? policySecret : policySigned).code, name, limits);
    return {};
  },
});
