import type { Finding } from "../findings/contract-findings.js";
import type { AttemptRecord, AttemptSummary } from "./contract-attempts.js";

export { type AttemptOutcome, attemptOutcomes } from "../facts/attempt-outcomes.js";

export type { AttemptRecord, AttemptSummary, WebhookCall } from "./contract-attempts.js";

export function summarizeAttempt({ steps, findings, webhookCalls: _, ...facts }: AttemptRecord): AttemptSummary {
  const [finding] = findings;
  const last = steps.at(-1);
  return { ...facts, findings: findings.length, ...(finding && { finding }), ...(last && { lastStepMs: last.atMs }) };
}

/** The subject of a finding in words: `leaf: CN=pump-7`. A subject that begins with the element does not repeat it. */
export function aboutFinding({ element, subject }: Pick<Finding, "element" | "subject">): string {
  if (subject === undefined) return element;
  return subject.startsWith(element) ? subject : `${element}: ${subject}`;
}
