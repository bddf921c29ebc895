import type { Transport } from "./connection.js";
import type { Finding } from "./findings/finding.js";
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

/** One call of a custom allocation webhook, as `explain` shows it. Holds no secret. */
export interface WebhookCall {
  /** With its query masked. */
  readonly url: string;
  /** Absent when no answer began. */
  readonly status?: number;
  /** From the call to the end of the answer, or of the patience. */
  readonly ms: number;
  /** What came of it: the hub that was chosen, or what was wrong. */
  readonly result: string;
  /** The beginning of an answer that could not be used; of a good one nothing is kept. */
  readonly answer?: string;
}

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
  /** Calls of the allocation webhook, in order; absent when there was none. */
  readonly webhookCalls?: readonly WebhookCall[];
  /** Likely root cause first. */
  readonly findings: readonly Finding[];
}

/** An attempt as a line of a list: the likely root cause only. */
export interface AttemptSummary extends Omit<AttemptRecord, "steps" | "findings" | "webhookCalls"> {
  readonly finding?: Finding;
  /** How many there are. */
  readonly findings: number;
  /** Milliseconds since `startedAt` when the last step was noted. */
  readonly lastStepMs?: number;
}

export function summarizeAttempt({ steps, findings, webhookCalls: _, ...facts }: AttemptRecord): AttemptSummary {
  const [finding] = findings;
  const last = steps.at(-1);
  return { ...facts, findings: findings.length, ...(finding && { finding }), ...(last && { lastStepMs: last.atMs }) };
}

/** What a finding is about, in words: `leaf: CN=pump-7`. Some subjects begin with the element or its place in the chain. */
export function aboutFinding({ element, subject }: Pick<Finding, "element" | "subject">): string {
  if (subject === undefined) return element;
  return subject.startsWith(element) ? subject : `${element}: ${subject}`;
}
