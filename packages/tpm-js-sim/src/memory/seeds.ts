import { hmac } from "../crypto/crypto.js";
import { algorithms } from "../tables/algorithms.js";
import type { TpmMemory } from "./state.js";

/**
 * Gives a hierarchy a new primary seed and deletes the keys of the `forgotten` hierarchies. The new seed is derived
 * from the old one, so that the TPM remains a function of its seed.
 */
export function renewSeed(memory: TpmMemory, hierarchy: number, forgotten: readonly number[]): void {
  const seed = memory.seeds.get(hierarchy) ?? Buffer.alloc(0);
  memory.seeds.set(hierarchy, hmac(algorithms.sha256, seed, Buffer.from("clear")));
  for (const objects of [memory.transient, memory.persistent]) {
    for (const [handle, object] of objects) {
      if (object.is === "key" && forgotten.includes(object.hierarchy)) objects.delete(handle);
    }
  }
}
