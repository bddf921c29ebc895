import type { Attempt, AttemptFacts, AttemptLog, Clock, Credentials, DeviceRequest } from "@rollcall/engine";
import { type ClientConnection, decodeOnce, type Finding, type Reply, rawQuery } from "@rollcall/protocol";
import type { FastifyRequest } from "fastify";

/** What a device request is made of besides HTTP. */
export interface RequestContext {
  readonly attempts: AttemptLog;
  readonly clock: Clock;
  readonly connection: ClientConnection;
  /** False when an earlier request came over the same connection: its handshake is not part of this attempt. */
  readonly isFirst: boolean;
}

/** Reads what the engine needs; nothing is judged here. */
export function readDeviceRequest(request: FastifyRequest, context: RequestContext, attempt: Attempt): DeviceRequest {
  const { idScope, registrationId } = request.params as { idScope: string; registrationId: string };
  const { connection } = context;
  const apiVersion = queryMember(request.url, "api-version");
  const credentials = readCredentials(request);
  // The handshake can be read only while the socket is there, and a client that hangs up early still has its certificate.
  if (credentials.kind === "tls") connection.presented();
  return { idScope, registrationId, apiVersion, credentials, connection, attempt };
}

/** Longest text of a stranger that an attempt keeps: there are ten thousand of them. */
const MAX_FACT = 256;

/** A copy: a slice would keep the stranger's whole text in memory. */
function short(text: string): string {
  return text.length <= MAX_FACT ? text : Buffer.from(text.slice(0, MAX_FACT)).toString();
}

/** What is known when the request has come. */
export function attemptFacts(request: FastifyRequest, { clock, connection, isFirst }: RequestContext): AttemptFacts {
  const { idScope, registrationId } = request.params as { idScope: string; registrationId: string };
  const apiVersion = queryMember(request.url, "api-version");
  const client = clientVersion(request);
  return {
    at: "service",
    registrationId: short(registrationId),
    idScope: short(idScope),
    transport: "http",
    remote: connection.remote,
    apiVersion: apiVersion && short(apiVersion),
    clientVersion: client && short(client),
    acceptedAt: isFirst ? connection.acceptedAt : clock(),
    ...(isFirst && { securedAt: connection.securedAt }),
  };
}

/**
 * Puts a refused poll among the attempts: the good ones would crowd out the registrations they belong to. Returns the
 * reply with the tracking id by which the attempt is found.
 */
export function keepRefusal(context: RequestContext, attempt: Attempt, reply: Reply): Reply {
  const kept = context.attempts.begin(attempt.facts);
  kept.add(...attempt.findings);
  noteRefusal(kept, reply);
  const { trackingId } = kept;
  return { ...reply, trackingId, body: "trackingId" in reply.body ? { ...reply.body, trackingId } : reply.body };
}

/** Notes what went over the wire as refusal. */
export function noteRefusal(attempt: Attempt, reply: Reply, ...findings: readonly Finding[]): void {
  attempt.add(...findings);
  attempt.outcome = "refused";
  const error = "errorCode" in reply.body ? reply.body : undefined;
  attempt.reply = {
    status: reply.status,
    ...(error && "message" in error && { errorCode: error.errorCode, message: error.message }),
  };
}

/** Any Authorization header is a claim to a token, readable or not; without one the handshake has to speak. */
function readCredentials(request: FastifyRequest): Credentials {
  const { authorization } = request.headers;
  return authorization === undefined ? { kind: "tls" } : { kind: "sas", token: authorization };
}

/** `UserAgent`, without the hyphen, is what the C SDK sends. */
function clientVersion(request: FastifyRequest): string | undefined {
  const header = request.headers["user-agent"] ?? request.headers["useragent"];
  return Array.isArray(header) ? header[0] : header;
}

/** A member of the query, decoded once; names are compared without case. */
function queryMember(url: string, wanted: string): string | undefined {
  const start = url.indexOf("?");
  if (start < 0) return undefined;
  for (const [name, value] of rawQuery(url.slice(start + 1))) {
    if (name.toLowerCase() === wanted) return decodeOnce(value) ?? value;
  }
  return undefined;
}
