import { type DpsErrorKind, dpsErrors, errorBody, type Reply, toAsciiJson } from "@rollcall/protocol";
import type { FastifyReply, FastifyRequest } from "fastify";

export const JSON_TYPE = "application/json; charset=utf-8";

/**
 * Sends a reply with the headers of wire.md#https-headers; the body is one buffer, so fastify sets `Content-Length`.
 */
export function sendReply(request: FastifyRequest, reply: FastifyReply, answer: Reply): FastifyReply {
  reply.code(answer.status);
  reply.header("content-type", JSON_TYPE);
  reply.header("x-ms-request-id", answer.trackingId);
  if (answer.retryAfter !== undefined) reply.header("retry-after", Math.ceil(answer.retryAfter));
  if (answer.status === 202) reply.header("location", requestUrl(request));
  if ("errorCode" in answer.body && answer.status >= 400) reply.header("x-ms-error-code", answer.body.errorCode);
  return reply.send(Buffer.from(toAsciiJson(answer.body)));
}

/** The facts for an error that did not come from the engine. */
export interface ErrorAbout {
  readonly trackingId: string;
  readonly now: Date;
  readonly message?: string;
  readonly retryAfter?: number;
}

/** Sends an error of the front end itself, in the form of wire.md#error-body. */
export function sendError(
  request: FastifyRequest,
  reply: FastifyReply,
  kind: DpsErrorKind,
  about: ErrorAbout,
): FastifyReply {
  return sendReply(request, reply, {
    status: dpsErrors[kind].status,
    trackingId: about.trackingId,
    body: errorBody(kind, about),
    ...(about.retryAfter !== undefined && { retryAfter: about.retryAfter }),
  });
}

function requestUrl(request: FastifyRequest): string {
  const { host } = request.headers;
  return host === undefined || !request.url.startsWith("/") ? request.url : `https://${host}${request.url}`;
}

/** Answers with an error of the front end. */
export type Refuse = (
  request: FastifyRequest,
  reply: FastifyReply,
  kind: DpsErrorKind,
  message?: string,
) => FastifyReply;
