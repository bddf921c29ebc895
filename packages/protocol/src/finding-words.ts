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
 * A reason why a registration fails or is odd. The order of rows is the order of likely root causes: of two errors the
 * one that stands earlier is shown first.
 */
export interface FindingRow {
  /** Number of the cause among the 25 known ones. */
  readonly cause?: number;
  readonly element: Element;
  readonly severity: Severity;
  readonly blame: Blame;
  /** A sentence; `{name}` is filled from the values of the finding. */
  readonly title: string;
  /** What mends it, a command where there is one; `{name}` as above. */
  readonly remedy: string;
  /** What the device is answered when this is the root cause; only errors have one. */
  readonly wire?: DpsErrorKind;
  /** CONNACK over MQTT when this is the root cause; without it the answer waits for the register request. */
  readonly connack?: 2 | 3 | 4 | 5;
  /** When one of these was found too, this is their consequence. */
  readonly follows?: readonly string[];
}
