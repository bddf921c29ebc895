import { parseJson } from "@rollcall/protocol";
import { z } from "zod";
import { NoAnswerError, RefusedError } from "./result.js";

/** A reply, in the same form for every transport. */
export interface WireReply {
  readonly status: number;
  /** Seconds. */
  readonly retryAfter?: number;
  readonly body: Readonly<Record<string, unknown>>;
}

const maxRetryAfterSeconds = 3600;

/**
 * Reads a JSON object. An empty body counts as an empty object, and so does an unreadable body whose status is
 * sufficient (a proxy answers 502 with a web page). @throws NoAnswerError for any other body
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

/** Seconds of a `retry-after` of a topic or a header (which may be a date); undefined when it is invalid. */
export function readRetryAfter(text: string | undefined, now: number): { retryAfter?: number } {
  if (text === undefined) return {};
  const seconds = /^\d{1,9}$/.test(text) ? Number(text) : (Date.parse(text) - now) / 1000;
  if (Number.isNaN(seconds)) return {};
  return { retryAfter: Math.min(Math.max(seconds, 0), maxRetryAfterSeconds) };
}

/** True if the service asks for a retry: too many requests, or an internal error. */
export function isTransient(reply: WireReply): boolean {
  return reply.status === 429 || reply.status >= 500;
}

const errorBody = z.looseObject({
  errorCode: z.coerce.number().optional().catch(undefined),
  trackingId: z.string().optional().catch(undefined),
  message: z.string().optional().catch(undefined),
});

/** The refusal in a reply with a status of 300 or more. */
export function refusalOf(reply: WireReply): RefusedError {
  const { errorCode, trackingId, message } = errorBody.parse(reply.body);
  return new RefusedError({
    status: reply.status,
    ...(errorCode !== undefined && { errorCode }),
    ...(trackingId !== undefined && { trackingId }),
    message: message ?? `the service answered ${reply.status}`,
  });
}
