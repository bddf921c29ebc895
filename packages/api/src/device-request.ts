import type { AttemptFacts, Clock, Credentials, UnnotedRequest } from "@rollcall/engine";
import { type ClientConnection, decodeOnce, rawQuery } from "@rollcall/protocol";
import type { FastifyRequest } from "fastify";

/** The parts of a device request that do not come from HTTP. */
export interface RequestContext {
  readonly clock: Clock;
  readonly connection: ClientConnection;
  /** False after an earlier request on the same connection: then the handshake is not part of this attempt. */
  readonly isFirst: boolean;
}

/** Reads the request for the engine, without judging it. */
export function readDeviceRequest(request: FastifyRequest, context: RequestContext): UnnotedRequest {
  const { idScope, registrationId } = request.params as { idScope: string; registrationId: string };
  const { connection } = context;
  const apiVersion = queryMember(request.url, "api-version");
  const credentials = readCredentials(request);
  // Read now, since the certificates are available only while the socket is open: a client may hang up early.
  if (credentials.kind === "tls") connection.presented();
  return { idScope, registrationId, apiVersion, credentials, connection };
}

/** The facts that are known when the request has arrived. */
export function attemptFacts(request: FastifyRequest, { clock, connection, isFirst }: RequestContext): AttemptFacts {
  const { idScope, registrationId } = request.params as { idScope: string; registrationId: string };
  const apiVersion = queryMember(request.url, "api-version");
  const client = clientVersion(request);
  return {
    at: "service",
    registrationId,
    idScope,
    transport: "http",
    remote: connection.remote,
    apiVersion,
    clientVersion: client,
    acceptedAt: isFirst ? connection.acceptedAt : clock(),
    ...(isFirst && { securedAt: connection.securedAt }),
  };
}

/** Any Authorization header counts as a token, readable or not; without it the TLS handshake is the proof. */
function readCredentials(request: FastifyRequest): Credentials {
  const { authorization } = request.headers;
  return authorization === undefined ? { kind: "tls" } : { kind: "sas", token: authorization };
}

/** The C SDK sends `UserAgent`, without the hyphen. */
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
