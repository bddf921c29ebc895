/** Part 2, table 31 (TPMA_OBJECT). */
export const objectAttributes = {
  fixedTpm: 0x0000_0002,
  stClear: 0x0000_0004,
  fixedParent: 0x0000_0010,
  sensitiveDataOrigin: 0x0000_0020,
  userWithAuth: 0x0000_0040,
  adminWithPolicy: 0x0000_0080,
  noDa: 0x0000_0400,
  encryptedDuplication: 0x0000_0800,
  restricted: 0x0001_0000,
  decrypt: 0x0002_0000,
  sign: 0x0004_0000,
} as const;

/** Every bit of TPMA_OBJECT that has a meaning; the others must be clear. */
export const objectAttributeMask = Object.values(objectAttributes).reduce((all, bit) => all | bit, 0);

/** Part 2, table 32 (TPMA_SESSION). `decrypt` is of the command's first parameter, `encrypt` of the response's. */
export const sessionAttributes = {
  continueSession: 0x01,
  auditExclusive: 0x02,
  auditReset: 0x04,
  decrypt: 0x20,
  encrypt: 0x40,
  audit: 0x80,
} as const;

/** Part 2, table 204 (TPMA_NV): the bits that this TPM acts on. */
export const nvAttributes = {
  platformWrite: 0x0000_0001,
  ownerWrite: 0x0000_0002,
  authWrite: 0x0000_0004,
  policyWrite: 0x0000_0008,
  type: 0x0000_00f0,
  policyDelete: 0x0000_0400,
  writeLocked: 0x0000_0800,
  writeAll: 0x0000_1000,
  writeDefine: 0x0000_2000,
  writeStClear: 0x0000_4000,
  globalLock: 0x0000_8000,
  platformRead: 0x0001_0000,
  ownerRead: 0x0002_0000,
  authRead: 0x0004_0000,
  policyRead: 0x0008_0000,
  noDa: 0x0200_0000,
  orderly: 0x0400_0000,
  clearStClear: 0x0800_0000,
  readLocked: 0x1000_0000,
  written: 0x2000_0000,
  platformCreate: 0x4000_0000,
  readStClear: 0x8000_0000,
} as const;

/** Part 2, table 202 (TPM_NT), in its place within TPMA_NV: what an index is. */
export const nvTypes = { ordinary: 0x00, counter: 0x10, bits: 0x20, extend: 0x40 } as const;

/** Whether a set of attributes has the bit. */
export function has(attributes: number, bit: number): boolean {
  return (attributes & bit) !== 0;
}
