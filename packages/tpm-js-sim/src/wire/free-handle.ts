import { slots } from "../tables/handles.js";
import { TpmError } from "./tpm-error.js";

/**
 * The lowest free handle, as in hardware: the C SDK flushes the first three by number when it starts.
 * @param taken the slots in use, by their low three bytes
 * @throws TpmError of the kind given when all are taken
 */
export function freeHandle(first: number, taken: Iterable<number>, full: "objectMemory" | "sessionMemory"): number {
  const used = new Set([...taken].map((handle) => handle & 0x00ff_ffff));
  for (let slot = 0; slot < slots; slot += 1) {
    if (!used.has(slot)) return first + slot;
  }
  throw new TpmError(full);
}
