import type { Transport } from "./connection.js";
import type { Finding } from "./findings.js";
import type { AttestationKind } from "./statuses.js";

/** How an attempt ended so far. */
export const attemptOutcomes = [
  "open",
  "challenged",
  "accepted",
  "assigned",
  "failed",
  "refused",
  "connected",
  "abandoned",
] as const;
export type AttemptOutcome = (typeof attemptOutcomes)[number];

/** One knock on the door, as `rollcall explain` and the management API show it. Times are milliseconds since 1970. */
export interface AttemptRecord {
  readonly trackingId: string;
  /** At the provisioning service, or at the assigned hub. */
  readonly at: "service" | "hub";
  /** As the device wrote it; empty when it never said. For a hub it is the device id. */
  readonly registrationId: string;
  readonly idScope?: string;
  readonly transport: Transport;
  readonly remote: string;
  readonly apiVersion?: string;
  readonly clientVersion?: string;
  readonly attestation?: AttestationKind;
  readonly enrollment?: { readonly kind: "individual" | "group"; readonly id: string };
  readonly assignedHub?: string;
  readonly deviceId?: string;
  readonly operationId?: string;
  readonly outcome: AttemptOutcome;
  /** What went over the wire as refusal. */
  readonly reply?: {
    readonly status?: number;
    readonly errorCode?: number;
    readonly connack?: number;
    readonly message?: string;
  };
  readonly startedAt: number;
  /** What happened, in order, with milliseconds since `startedAt`. */
  readonly steps: readonly { readonly name: string; readonly atMs: number }[];
  /** Likely root cause first. */
  readonly findings: readonly Finding[];
}

/** An attempt as a line of a list: the likely root cause only. */
export interface AttemptSummary extends Omit<AttemptRecord, "steps" | "findings"> {
  readonly finding?: Finding;
  /** How many there are. */
  readonly findings: number;
  /** Milliseconds since `startedAt` when the last step was noted. */
  readonly lastStepMs?: number;
}

export function summarizeAttempt({ steps, findings, ...facts }: AttemptRecord): AttemptSummary {
  const [finding] = findings;
  const last = steps.at(-1);
  return { ...facts, findings: findings.length, ...(finding && { finding }), ...(last && { lastStepMs: last.atMs }) };
}
