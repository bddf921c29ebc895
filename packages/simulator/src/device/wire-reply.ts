import { parseJson } from "@rollcall/protocol";
import { z } from "zod";
import { NoAnswerError, RefusedError } from "./result.js";

/** A reply, the same over every transport. */
export interface WireReply {
  readonly status: number;
  /** Seconds. */
  readonly retryAfter?: number;
  readonly body: Readonly<Record<string, unknown>>;
}

const maxRetryAfterSeconds = 3600;

/**
 * Reads a JSON object; an empty body is one without members, and so is whatever comes with a status that says enough
 * (a proxy answers 502 with a web page). @throws NoAnswerError for anything else
 */
export function readBody(bytes: Uint8Array, status: number): Readonly<Record<string, unknown>> {
  const parsed = parseJson(bytes);
  if (status >= 300 && (!parsed.ok || typeof parsed.value !== "object" || parsed.value === null)) return {};
  if (!parsed.ok) throw new NoAnswerError(`the body of reply ${status} cannot be read: ${parsed.reason}`);
  if (parsed.value === undefined) return {};
  const object = z.record(z.string(), z.unknown()).safeParse(parsed.value);
  if (!object.success) throw new NoAnswerError(`the body of reply ${status} is not a JSON object`);
  return object.data;
}

/** Seconds of a `retry-after`, whether of a topic or a header (a date there); undefined for nonsense. */
export function readRetryAfter(text: string | undefined, now: number): { retryAfter?: number } {
  if (text === undefined) return {};
  const seconds = /^\d{1,9}$/.test(text) ? Number(text) : (Date.parse(text) - now) / 1000;
  if (Number.isNaN(seconds)) return {};
  return { retryAfter: Math.min(Math.max(seconds, 0), maxRetryAfterSeconds) };
}

/** True for what the service asks to try again: too many requests, or trouble of its own. */
export function isTransient(reply: WireReply): boolean {
  return reply.status === 429 || reply.status >= 500;
}

const errorBody = z.looseObject({
  errorCode: z.coerce.number().optional().catch(undefined),
  trackingId: z.string().optional().catch(undefined),
  message: z.string().optional().catch(undefined),
});

/** The refusal that a reply of 300 or more is. */
export function refusalOf(reply: WireReply): RefusedError {
  const { errorCode, trackingId, message } = errorBody.parse(reply.body);
  return new RefusedError({
    status: reply.status,
    ...(errorCode !== undefined && { errorCode }),
    ...(trackingId !== undefined && { trackingId }),
    message: message ?? `the service answered ${reply.status}`,
  });
}
