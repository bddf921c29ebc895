/** Sizes, counts and intervals of the service, each with its source; "ours" is our own choice. */
export const limits = {
  /** Registration and group ids (wire.md#ids). */
  idLength: 128,
  /** X.509 upper bound of a common name (RFC 5280 ub-common-name). */
  commonNameLength: 64,
  /** Bytes of one message, in either direction (wire.md#limits). */
  messageBytes: 96 * 1024,
  /** Certificates of one handshake that are checked: leaf, intermediates, root. */
  chainLength: 6,
  /**
   * Work for the chains of devices (ours), in estimated microseconds of a processor. The straight check of an ordinary chain
   * is always done; explanations and what goes beyond it have these budgets: one a connection, one for all together.
   */
  chainWork: {
    /** Five certificates need four checks, and a fifth where the enrolled certificate was not sent. */
    straightSignatures: 5,
    straightComparisons: 4096,
    straightBytes: 16 * 1024,
    perConnection: 50_000,
    perSecond: 100_000,
    burst: 100_000,
  },
  /** Symmetric-key groups of one service (wire.md#limits); limits the search for an unknown device's group. */
  symmetricKeyGroups: 100,
  x509Groups: 100,
  /** Uploaded CA certificates of one service (wire.md#limits). */
  caCertificates: 25,
  /** Entries of one bulk operation (wire.md#bulk). */
  bulkEntries: 10,
  /** Entries on a page of the service API: default and maximum (wire.md#service-headers, ours). */
  pageItems: { usual: 100, max: 1000 },
  /** Time limit for the answer of a custom allocation webhook (wire.md#webhook, ours). */
  webhookTimeoutMs: 5_000,
  /** Bytes of a webhook's answer, enough for an initial twin and a payload (ours). */
  webhookAnswerBytes: 64 * 1024,
  /** Characters of an unusable answer that are kept for `explain` (ours). */
  webhookAnswerShown: 200,
  /** Bytes of a symmetric key (wire.md#keys). */
  symmetricKeyBytes: { min: 16, max: 64 },
  /** Time for which an operation can be polled (wire.md#operation-id, ours). */
  operationLifetimeMs: 60 * 60 * 1000,
  /**
   * Operations remembered per registration (ours): a device that starts again may still poll its previous operation.
   */
  operationsPerRegistration: 8,
  /** Allowed clock difference; tokens of some clients are valid for 30 s only (wire.md#sas). */
  clockSkewSeconds: 300,
  /** Time to answer a TPM challenge (ours). */
  challengeWindowMs: 5 * 60 * 1000,
  /** Lifetime of an MQTT connection that may only ask for a TPM challenge (TPM over MQTT, ours). */
  challengeSessionMs: 30 * 1000,
  /** Attempts kept for `explain`. */
  attempts: 10_000,
  /** Hub subscriptions of one connection, and of a session that is kept (wire.md#hub-sessions). */
  hubSubscriptions: 5,
  /** Modules of one device (wire.md#module-identities). */
  modulesOfDevice: 50,
  /** Characters of a filter that a hub grants and keeps: the devicebound filter, with every character of a device id escaped (ours). */
  hubFilterLength: 512,
  /** Messages without PUBACK that are sent again in a kept session, and the bytes of their payloads together (ours). */
  hubUnacknowledged: 16,
  hubUnacknowledgedBytes: 128 * 1024,
  /** The same of all devices that are away; the oldest are forgotten (ours). */
  hubUnacknowledgedBytesAway: 16 * 1024 * 1024,
  /** How long messages of a device that is away are kept (ours). */
  hubUnacknowledgedMs: 60 * 60 * 1000,
  /** Twin: sizes and depth (wire.md#twin-limits). */
  twinDesiredBytes: 32 * 1024,
  twinReportedBytes: 32 * 1024,
  twinTagsBytes: 8 * 1024,
  twinDepth: 10,
} as const;
