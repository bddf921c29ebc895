import { checked, u16 } from "./codec.js";

// Part 2, table 18 (TPM_EO), for PolicyNV and PolicyCounterTimer (reference implementation, PolicySptCheckCondition).

function signed(bytes: Buffer): bigint {
  return bytes.length === 0 ? 0n : BigInt.asIntN(bytes.length * 8, unsigned(bytes));
}

function unsigned(bytes: Buffer): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${bytes.toString("hex")}`);
}

/** The comparisons, by TPM_EO: the actual value on the left, the operand on the right, both of the same length. */
const operations: readonly ((left: Buffer, right: Buffer) => boolean)[] = [
  (left, right) => left.equals(right),
  (left, right) => !left.equals(right),
  (left, right) => signed(left) > signed(right),
  (left, right) => unsigned(left) > unsigned(right),
  (left, right) => signed(left) < signed(right),
  (left, right) => unsigned(left) < unsigned(right),
  (left, right) => signed(left) >= signed(right),
  (left, right) => unsigned(left) >= unsigned(right),
  (left, right) => signed(left) <= signed(right),
  (left, right) => unsigned(left) <= unsigned(right),
  (left, right) => (unsigned(left) & unsigned(right)) === unsigned(right),
  (left, right) => (unsigned(left) & unsigned(right)) === 0n,
];

/** TPM_EO */
export const TpmEo = checked(u16, (value) => value < operations.length, "value");

/** Whether a condition holds. @param operation TPM_EO */
export function holds(operation: number, left: Buffer, right: Buffer): boolean {
  return operations[operation]?.(left, right) ?? false;
}
