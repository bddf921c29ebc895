/** Sizes, counts and intervals of the service, each with its source; sections are those of the DPS wire notes. */
export const limits = {
  /** Registration and group ids (7.5). */
  idLength: 128,
  /** X.509 upper bound of a common name (RFC 5280 ub-common-name). */
  commonNameLength: 64,
  /** One message, either way (8.6). */
  messageBytes: 96 * 1024,
  /** Certificates presented in one handshake that we look at: leaf, intermediates, root. */
  chainLength: 6,
  /** Symmetric-key groups of one service (8.6); bounds the search for the group of an unknown device. */
  symmetricKeyGroups: 100,
  x509Groups: 100,
  /** Uploaded CA certificates of one service (8.6). */
  caCertificates: 25,
  /** Entries of one bulk operation (7.1). */
  bulkEntries: 10,
  /** Entries of a page of the service API: usual and largest (7.2, ours). */
  pageItems: { usual: 100, max: 1000 },
  /** A custom allocation webhook has to answer within this (DESIGN 5). */
  webhookTimeoutMs: 5_000,
  /** Bytes of a webhook's answer: a whole initial twin and a payload (ours). */
  webhookAnswerBytes: 64 * 1024,
  /** Characters of an answer that was not taken, kept for `explain` (ours). */
  webhookAnswerShown: 200,
  /** Bytes of a symmetric key (5.1). */
  symmetricKeyBytes: { min: 16, max: 64 },
  /** How long an operation can be polled (8.6, ours). */
  operationLifetimeMs: 60 * 60 * 1000,
  /** Operations remembered for one registration (ours): a device that starts again may still poll the one before. */
  operationsPerRegistration: 8,
  /** Tokens of some clients live 30 s: this much clock difference is allowed (5.2). */
  clockSkewSeconds: 300,
  /** A TPM challenge can be answered this long (ours). */
  challengeWindowMs: 5 * 60 * 1000,
  /** An MQTT connection that only asks for a TPM challenge is closed after this (TPM over MQTT, ours). */
  challengeSessionMs: 30 * 1000,
  /** Attempts kept for `explain`. */
  attempts: 10_000,
  /** Hub subscriptions of one connection (9.1). */
  hubSubscriptions: 5,
  /** Twin: sizes and depth (7.5). */
  twinDesiredBytes: 32 * 1024,
  twinReportedBytes: 32 * 1024,
  twinTagsBytes: 8 * 1024,
  twinDepth: 10,
} as const;
