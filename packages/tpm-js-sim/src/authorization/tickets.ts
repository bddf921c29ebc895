import { hmac } from "../crypto/crypto.js";
import type { TpmMemory } from "../memory/state.js";
import { algorithms } from "../tables/algorithms.js";
import { hierarchies } from "../tables/handles.js";
import { tags } from "../tables/tags.js";
import { u16, u32 } from "../wire/codec.js";

/** A TPMT_TK of any kind. */
export interface Ticket {
  readonly tag: number;
  readonly hierarchy: number;
  readonly digest: Buffer;
}

/** The secret of a hierarchy that only the TPM knows (Part 1, "Hierarchy Proof"). */
export function proofOf(memory: TpmMemory, hierarchy: number): Buffer {
  return hmac(algorithms.sha256, memory.seeds.get(hierarchy) ?? Buffer.alloc(0), Buffer.from("proof"));
}

/** A ticket (Part 1, "Tickets"): an HMAC with the hierarchy's proof over the tag and what the ticket is about. */
export function makeTicket(memory: TpmMemory, tag: number, hierarchy: number, ...about: readonly Buffer[]): Ticket {
  // SHA-512 as in the reference implementation, whose tickets are that long.
  const mac = hmac(algorithms.sha512, proofOf(memory, hierarchy), u16.encode(tag), ...about, u32.encode(hierarchy));
  return { tag, hierarchy, digest: mac };
}

/** A ticket that proves nothing. */
export function nullTicket(tag: number): Ticket {
  return { tag, hierarchy: hierarchies.null, digest: Buffer.alloc(0) };
}

/**
 * TPM_GENERATED_VALUE: begins the structures that a TPM makes and signs. A TPM does not sign other data that begins
 * with it.
 */
export const generatedValue = 0xff544347;

/** The ticket of a digest whose data did not pretend to come from a TPM; a null ticket in the NULL hierarchy. */
export function hashTicket(memory: TpmMemory, hierarchy: number, digest: Buffer): Ticket {
  if (hierarchy === hierarchies.null) return nullTicket(tags.hashCheck);
  return makeTicket(memory, tags.hashCheck, hierarchy, digest);
}
