import { createHash, createHmac } from "node:crypto";

/** 32 bytes that depend only on the fleet's name and seed and on their purpose. */
export function seededBytes(fleet: { readonly name: string; readonly seed: string }, purpose: string): Buffer {
  const key = createHash("sha256").update(`rollcall fleet ${fleet.name}\n${fleet.seed}`).digest();
  return createHmac("sha256", key).update(purpose).digest();
}

/** A number from 0 (included) to 1 (excluded) that depends on the same values. */
export function seededFraction(fleet: { readonly name: string; readonly seed: string }, purpose: string): number {
  return seededBytes(fleet, purpose).readUIntBE(0, 6) / 2 ** 48;
}
