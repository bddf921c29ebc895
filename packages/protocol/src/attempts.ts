import type { AttemptRecord, AttemptSummary } from "./contract-attempts.js";
import type { Finding } from "./findings/contract-findings.js";

export { type AttemptOutcome, attemptOutcomes } from "./attempt-outcomes.js";

export type { AttemptRecord, AttemptSummary, WebhookCall } from "./contract-attempts.js";

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
