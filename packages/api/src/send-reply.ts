import { type DpsErrorKind, dpsErrors, errorBody, type Reply, toAsciiJson } from "@rollcall/protocol";
import type { FastifyReply, FastifyRequest } from "fastify";

export const JSON_TYPE = "application/json; charset=utf-8";

/** The headers of wire.md#https-headers; `Content-Length` comes with the body, which is one buffer. */
export function sendReply(request: FastifyRequest, reply: FastifyReply, answer: Reply): FastifyReply {
  reply.code(answer.status);
  reply.header("content-type", JSON_TYPE);
  reply.header("x-ms-request-id", answer.trackingId);
  if (answer.retryAfter !== undefined) reply.header("retry-after", Math.ceil(answer.retryAfter));
  if (answer.status === 202) reply.header("location", requestUrl(request));
  if ("errorCode" in answer.body && answer.status >= 400) reply.header("x-ms-error-code", answer.body.errorCode);
  return reply.send(Buffer.from(toAsciiJson(answer.body)));
}

/** What is known of an error that no engine answered. */
export interface ErrorAbout {
  readonly trackingId: string;
  readonly now: Date;
  readonly message?: string;
  readonly retryAfter?: number;
}

/** An error of the front end itself, in the shape of wire.md#error-body. */
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

/** Answers with an error of ours. */
export type Refuse = (
  request: FastifyRequest,
  reply: FastifyReply,
  kind: DpsErrorKind,
  message?: string,
) => FastifyReply;
