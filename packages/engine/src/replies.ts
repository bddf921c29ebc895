import {
  type DpsErrorKind,
  dpsErrors,
  errorBody,
  type Finding,
  type Reply,
  type ReplyBody,
  rootCause,
  wireError,
} from "@rollcall/protocol";
import type { Attempt } from "./attempts.js";

/** A reply that is no error. */
export function okReply(attempt: Attempt, status: number, body: ReplyBody, retryAfter?: number): Reply {
  return { status, body, trackingId: attempt.trackingId, ...(retryAfter !== undefined && { retryAfter }) };
}

/** An error reply; the attempt is closed with it. */
export function errorReply(attempt: Attempt, kind: DpsErrorKind, about: { now: number; retryAfter?: number }): Reply {
  const row = dpsErrors[kind];
  attempt.outcome = "refused";
  attempt.reply = { status: row.status, errorCode: row.code, message: row.message };
  const body = errorBody(kind, { trackingId: attempt.trackingId, now: new Date(about.now) });
  return okReply(attempt, row.status, body, about.retryAfter);
}

/** Refuses for this reason, or for a deeper one that was noted before. */
export function refuse(attempt: Attempt, reason: Finding, now: number): Reply {
  return errorReply(attempt, wireError(rootCause(attempt.add(reason)) ?? reason), { now });
}

/** Notes findings and, if there is an error among all that were noted, answers for the likely root cause. */
export function refusalFor(attempt: Attempt, findings: readonly Finding[], now: number): Reply | undefined {
  const root = rootCause(attempt.add(...findings));
  return root && errorReply(attempt, wireError(root), { now });
}
