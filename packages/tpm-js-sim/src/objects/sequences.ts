import { generatedValue } from "../authorization/tickets.js";
import type { RunningHash } from "../crypto/running-hash.js";
import type { Sequence, TpmMemory } from "../memory/state.js";

/**
 * Takes note of a block before it is hashed. The first one decides on the ticket: it must not pretend to come from a TPM,
 * and one too short to tell counts as if it did (reference implementation, TicketIsSafe).
 */
export function noteBlock(sequence: Sequence, block: Buffer): void {
  if (sequence.ticket !== "undecided") return;
  const safe = block.length >= 4 && block.readUInt32BE(0) !== generatedValue;
  sequence.ticket = safe ? "allowed" : "none";
}

/** The result of a hash, with a last block. */
export function lastOf(running: RunningHash, block: Buffer): Buffer {
  running.update(block);
  return running.digest();
}

function copyOf(sequence: Sequence): Sequence {
  return { ...sequence, hashes: sequence.hashes.map((each) => ({ ...each, running: each.running.copy() })) };
}

/** More than any client has open; beyond it the oldest context is worth nothing any more. */
const keptSequences = 256;

/** Keeps a sequence as it is now, for the context of this number. */
export function keepSequence({ savedSequences }: TpmMemory, context: bigint, sequence: Sequence): void {
  savedSequences.set(context, copyOf(sequence));
  const [oldest] = savedSequences.keys();
  if (savedSequences.size > keptSequences && oldest !== undefined) savedSequences.delete(oldest);
}

/** What {@link keepSequence} kept, as often as wanted; undefined when it is not there any more. */
export function keptSequence({ savedSequences }: TpmMemory, context: bigint): Sequence | undefined {
  const kept = savedSequences.get(context);
  return kept && copyOf(kept);
}
