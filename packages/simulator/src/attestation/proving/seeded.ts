import { createHash, createHmac } from "node:crypto";

/** 32 bytes that depend on the fleet's name and seed and on what they are for, on any machine. */
export function seededBytes(fleet: { readonly name: string; readonly seed: string }, purpose: string): Buffer {
  const key = createHash("sha256").update(`rollcall fleet ${fleet.name}\n${fleet.seed}`).digest();
  return createHmac("sha256", key).update(purpose).digest();
}

/** A number from 0 (included) to 1 (not), from the same. */
export function seededFraction(fleet: { readonly name: string; readonly seed: string }, purpose: string): number {
  return seededBytes(fleet, purpose).readUIntBE(0, 6) / 2 ** 48;
}
