/** Part 2, table 19 (TPM_ST). */
export const tags = {
  noSessions: 0x8001,
  sessions: 0x8002,
  attestNv: 0x8014,
  attestSessionAudit: 0x8016,
  attestCertify: 0x8017,
  attestQuote: 0x8018,
  attestTime: 0x8019,
  attestCreation: 0x801a,
  attestNvDigest: 0x801c,
  creation: 0x8021,
  verified: 0x8022,
  authSecret: 0x8023,
  hashCheck: 0x8024,
  authSigned: 0x8025,
} as const;

/** Part 2, table 20 (TPM_SU). */
export const startupTypes = { clear: 0x0000, state: 0x0001 } as const;

/** Part 2, table 21 (TPM_SE). */
export const sessionTypes = { hmac: 0x00, policy: 0x01, trial: 0x03 } as const;
