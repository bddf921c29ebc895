/** Part 2, table 28 (TPM_RH): permanent handles. */
export const hierarchies = {
  owner: 0x4000_0001,
  null: 0x4000_0007,
  lockout: 0x4000_000a,
  endorsement: 0x4000_000b,
  platform: 0x4000_000c,
} as const;

/** The handles that GetCapability lists as permanent: the hierarchies, and TPM_RS_PW. */
export const permanentHandles: readonly number[] = [...Object.values(hierarchies), 0x4000_0009];

/** TPMI_RH_HIERARCHY with +: where a ticket can come from. */
export const ticketHierarchies: readonly number[] = [
  hierarchies.owner,
  hierarchies.endorsement,
  hierarchies.platform,
  hierarchies.null,
];

/** TPM_RS_PW: the session "handle" of a plain password. */
export const passwordSession = 0x4000_0009;

/** Part 2, table 27 (TPM_HT): the top byte of a handle says what it is. */
export const handleTypes = {
  pcr: 0x00,
  nvIndex: 0x01,
  hmacSession: 0x02,
  policySession: 0x03,
  permanent: 0x40,
  transient: 0x80,
  persistent: 0x81,
} as const;

/** First handle of each range. */
export const firstHandles = {
  hmacSession: 0x0200_0000,
  policySession: 0x0300_0000,
  transient: 0x8000_0000,
  persistent: 0x8100_0000,
  platformPersistent: 0x8180_0000,
} as const;

/** The savedHandle in the context of an object (Part 3, TPM2_ContextSave). */
export const savedHandles = { ordinary: 0x8000_0000, sequence: 0x8000_0001, stClear: 0x8000_0002 } as const;

/** Where every Azure client looks for its keys (tpm.ts, hsm_client_tpm.c, SecurityProviderTpmHsm.cs). */
export const persistentHandles = {
  endorsementKey: 0x8101_0001,
  storageRootKey: 0x8100_0001,
  identityKey: 0x8100_0100,
} as const;

/** Transient objects, and sessions, that fit. Hardware has three; with so few, clients that leak sessions fail. */
export const slots = 64;

/** The range that a handle is in. */
export function handleType(handle: number): number {
  return handle >>> 24;
}

const slotted: readonly number[] = [handleTypes.transient, handleTypes.hmacSession, handleTypes.policySession];

/** Whether the slot of a handle exists. Only transient objects and sessions have slots. */
export function isInRange(handle: number): boolean {
  return !slotted.includes(handleType(handle)) || (handle & 0x00ff_ffff) < slots;
}

/** Whether a handle could be that of an HMAC or policy session. */
export function isSessionHandle(handle: number): boolean {
  const type = handleType(handle);
  return (type === handleTypes.hmacSession || type === handleTypes.policySession) && isInRange(handle);
}
