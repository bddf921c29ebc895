import {
  type DpsErrorKind,
  dpsErrors,
  errorBody,
  type Finding,
  type Reply,
  type ReplyBody,
  rankFindings,
  rootCause,
  wireError,
} from "@rollcall/protocol";
import type { Attempt } from "./attempt.js";

/** A reply that is not an error. */
export function okReply(attempt: Attempt, status: number, body: ReplyBody, retryAfter?: number): Reply {
  return { status, body, trackingId: attempt.trackingId, ...(retryAfter !== undefined && { retryAfter }) };
}

/** Makes an error reply, and closes the attempt with it. */
export function errorReply(attempt: Attempt, kind: DpsErrorKind, about: { now: number; retryAfter?: number }): Reply {
  const row = dpsErrors[kind];
  attempt.outcome = "refused";
  attempt.reply = { status: row.status, errorCode: row.code, message: row.message };
  const body = errorBody(kind, { trackingId: attempt.trackingId, now: new Date(about.now) });
  return okReply(attempt, row.status, body, about.retryAfter);
}

/** Refuses a request for this reason. */
export function refuse(attempt: Attempt, reason: Finding, now: number): Reply {
  attempt.add(reason);
  return errorReply(attempt, wireError(reason), { now });
}

/**
 * Notes findings and, if one is an error, makes the reply for the likely root cause. Errors of earlier requests of the
 * same attempt, such as a poll for an expired operation, are not counted.
 */
export function refusalFor(attempt: Attempt, findings: readonly Finding[], now: number): Reply | undefined {
  attempt.add(...findings);
  const root = rootCause(rankFindings(findings));
  return root && errorReply(attempt, wireError(root), { now });
}
