import type { RefusalReason } from "../../facts/admission.js";
import type { DpsErrorKind } from "../../facts/errors.js";

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
 * A reason why a registration fails or is odd. `Code` is the set of codes that `follows` may name: the whole table checks it,
 * because a row may follow from a row of another file.
 */
export interface FindingRow<Code extends string = string> {
  /** Number of the cause among the 25 known ones, which public issue threads of the SDKs show. */
  readonly cause?: number;
  readonly element: Element;
  readonly severity: Severity;
  readonly blame: Blame;
  /** A sentence; `{name}` is filled from the values of the finding. Write `<name>` for a part that the reader fills in. */
  readonly title: string;
  /** How to fix it, with a command if possible; `{name}` and `<name>` as above. */
  readonly remedy: string;
  /** The error that the device gets when this is the root cause; only errors have it. */
  readonly wire?: DpsErrorKind;
  /** Set when this already refuses the connection (over MQTT); if absent, the register request gets the error. */
  readonly atConnect?: RefusalReason;
  /** When one of these was found too, this is their consequence. They stand earlier in the table. */
  readonly follows?: readonly Code[];
}
