import { digest } from "../crypto/crypto.js";
import { algorithms } from "../tables/algorithms.js";
import { hashOf } from "../wire/hashes.js";
import type { TpmlPcrSelection } from "../wire/structures.js";
import type { TpmMemory } from "./state.js";

/** The banks that are allocated. */
export const pcrBanks = [algorithms.sha1, algorithms.sha256, algorithms.sha384] as const;

/** PC Client platform: which PCRs locality 0 may extend and reset (reference implementation, s_initAttributes). */
export function mayExtend(pcr: number): boolean {
  return pcr < 17 || pcr === 23;
}

export function mayReset(pcr: number): boolean {
  return pcr === 16 || pcr === 23;
}

function pcrKey(bank: number, pcr: number): number {
  return (bank << 8) | pcr;
}

/** A PCR's value. PCRs of the dynamic root of trust start with ones, all others with zeros. */
export function pcrValue(memory: TpmMemory, bank: number, pcr: number): Buffer {
  const initial = pcr >= 17 && pcr <= 22 ? 0xff : 0x00;
  return memory.pcrs.get(pcrKey(bank, pcr)) ?? Buffer.alloc(hashOf(bank).digestSize, initial);
}

/**
 * Whether a change of a PCR counts. PCRs of the TCB group do not count: policies stay valid when they change (Part 1,
 * "PCR Attributes").
 */
export function countsAsChange(pcr: number): boolean {
  return pcr !== 16 && pcr < 21;
}

/** Counts a change of a PCR. */
export function countPcrChange(memory: TpmMemory, pcr: number): void {
  if (countsAsChange(pcr)) memory.pcrCounter += 1;
}

export function extendPcr(memory: TpmMemory, bank: number, pcr: number, value: Buffer): void {
  memory.pcrs.set(pcrKey(bank, pcr), digest(bank, pcrValue(memory, bank, pcr), value));
}

export function resetPcr(memory: TpmMemory, pcr: number): void {
  for (const bank of pcrBanks) memory.pcrs.set(pcrKey(bank, pcr), Buffer.alloc(hashOf(bank).digestSize));
}

/**
 * The selection reduced to the banks of this TPM: a bank that is not allocated keeps its place with nothing selected.
 */
export function filteredSelection(selection: TpmlPcrSelection): TpmlPcrSelection {
  const known: readonly number[] = pcrBanks;
  return selection.map(({ hash, select }) => ({
    hash,
    select: known.includes(hash) ? select : Buffer.alloc(select.length),
  }));
}

/** Bank and PCR of every bit that is set, in the order in which they are read and hashed. */
export function selectedPcrs(selection: TpmlPcrSelection): readonly { readonly bank: number; readonly pcr: number }[] {
  return filteredSelection(selection).flatMap(({ hash: bank, select }) =>
    Array.from({ length: select.length * 8 }, (_, pcr) => pcr)
      .filter((pcr) => ((select[pcr >> 3] ?? 0) & (1 << (pcr & 7))) !== 0)
      .map((pcr) => ({ bank, pcr })),
  );
}

/** Digest of the selected PCRs, one after another. */
export function pcrDigest(memory: TpmMemory, hashAlg: number, selection: TpmlPcrSelection): Buffer {
  return digest(hashAlg, ...selectedPcrs(selection).map(({ bank, pcr }) => pcrValue(memory, bank, pcr)));
}
