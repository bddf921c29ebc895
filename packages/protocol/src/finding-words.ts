import type { RefusalReason } from "./admission.js";
import type { DpsErrorKind } from "./errors.js";

/** The part of a registration that a finding is about. */
export const elements = [
  "connection",
  "request",
  "idScope",
  "enrollment",
  "leaf",
  "intermediate",
  "root",
  "chain",
  "key",
  "token",
  "endorsementKey",
  "storageRootKey",
  "challenge",
  "hub",
  "webhook",
  "service",
] as const;
export type Element = (typeof elements)[number];

/** Who has to act. */
export const blames = ["device", "pki", "enrollment", "hub", "webhook", "protocol", "service"] as const;
export type Blame = (typeof blames)[number];

export const severities = ["error", "warning", "info"] as const;
export type Severity = (typeof severities)[number];

/**
 * A reason why a registration fails or is unusual. Rows are in the order of likely root causes: of two errors, the one
 * in the earlier row is shown first.
 */
export interface FindingRow {
  /** Number of the cause among the 25 known ones. */
  readonly cause?: number;
  readonly element: Element;
  readonly severity: Severity;
  readonly blame: Blame;
  /** A sentence; `{name}` is filled from the values of the finding. */
  readonly title: string;
  /** How to fix it, with a command if possible; `{name}` as above. */
  readonly remedy: string;
  /** The error that the device gets when this is the root cause; only errors have it. */
  readonly wire?: DpsErrorKind;
  /** Set when this already refuses the connection (over MQTT); if absent, the register request gets the error. */
  readonly atConnect?: RefusalReason;
  /** Codes that explain this finding: when one of them is found too, this is its consequence. */
  readonly follows?: readonly string[];
}
