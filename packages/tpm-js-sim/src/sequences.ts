import type { Sequence } from "./state.js";
import { generatedValue } from "./tickets.js";

/**
 * Takes note of a block before it is hashed. The first one decides on the ticket: it must not pretend to come from a TPM,
 * and one too short to tell counts as if it did (reference implementation, TicketIsSafe).
 */
export function noteBlock(sequence: Sequence, block: Buffer): void {
  if (sequence.ticket !== "undecided") return;
  const safe = block.length >= 4 && block.readUInt32BE(0) !== generatedValue;
  sequence.ticket = safe ? "allowed" : "none";
}
