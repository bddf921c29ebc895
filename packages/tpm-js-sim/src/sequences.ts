import type { Sequence } from "./state.js";

/** The first bytes of what a hash sequence has seen; undefined for an HMAC, whose result gets no ticket. */
export function headWith({ head }: Sequence, buffer: Buffer): Buffer | undefined {
  if (head === undefined || head.length >= 4) return head;
  return Buffer.concat([head, buffer.subarray(0, 4 - head.length)]);
}
