import { generatedValue } from "../authorization/tickets.js";
import type { RunningHash } from "../crypto/running-hash.js";
import type { Sequence, TpmMemory } from "../memory/state.js";

/**
 * Looks at a block before it is hashed. The first block decides on the ticket: it must not pretend to come from a TPM,
 * and a block too short to tell counts as pretending (reference implementation, TicketIsSafe).
 */
export function noteBlock(sequence: Sequence, block: Buffer): void {
  if (sequence.ticket !== "undecided") return;
  const safe = block.length >= 4 && block.readUInt32BE(0) !== generatedValue;
  sequence.ticket = safe ? "allowed" : "none";
}

/** Adds the last block to a hash, and returns the digest. */
export function lastOf(running: RunningHash, block: Buffer): Buffer {
  running.update(block);
  return running.digest();
}

function copyOf(sequence: Sequence): Sequence {
  return { ...sequence, hashes: sequence.hashes.map((each) => ({ ...each, running: each.running.copy() })) };
}

/** More than any client has open. Beyond it, the oldest context becomes invalid. */
const keptSequences = 256;

/** Keeps a copy of a sequence for the context of this number. */
export function keepSequence({ savedSequences }: TpmMemory, context: bigint, sequence: Sequence): void {
  savedSequences.set(context, copyOf(sequence));
  const [oldest] = savedSequences.keys();
  if (savedSequences.size > keptSequences && oldest !== undefined) savedSequences.delete(oldest);
}

/** A new copy of the sequence that {@link keepSequence} kept; undefined when it was dropped. */
export function keptSequence({ savedSequences }: TpmMemory, context: bigint): Sequence | undefined {
  const kept = savedSequences.get(context);
  return kept && copyOf(kept);
}
