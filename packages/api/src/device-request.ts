import type { AttemptFacts, Clock, Credentials, UnnotedRequest } from "@rollcall/engine";
import { type ClientConnection, decodeOnce, rawQuery } from "@rollcall/protocol";
import type { FastifyRequest } from "fastify";

/** What a device request is made of besides HTTP. */
export interface RequestContext {
  readonly clock: Clock;
  readonly connection: ClientConnection;
  /** False when an earlier request came over the same connection: its handshake is not part of this attempt. */
  readonly isFirst: boolean;
}

/** Reads what the engine needs; nothing is judged here. */
export function readDeviceRequest(request: FastifyRequest, context: RequestContext): UnnotedRequest {
  const { idScope, registrationId } = request.params as { idScope: string; registrationId: string };
  const { connection } = context;
  const apiVersion = queryMember(request.url, "api-version");
  const credentials = readCredentials(request);
  // The handshake can be read only while the socket is there, and a client that hangs up early still has its certificate.
  if (credentials.kind === "tls") connection.presented();
  return { idScope, registrationId, apiVersion, credentials, connection };
}

/** What is known when the request has come. */
export function attemptFacts(request: FastifyRequest, context: RequestContext): AttemptFacts {
  const { idScope, registrationId } = request.params as { idScope: string; registrationId: string };
  return attemptFactsOf(request, context, { at: "service", registrationId, idScope });
}

/** What is known of a request, beside what its path says of it. */
export function attemptFactsOf(
  request: FastifyRequest,
  { clock, connection, isFirst }: RequestContext,
  path: Pick<AttemptFacts, "at" | "registrationId" | "idScope">,
): AttemptFacts {
  const apiVersion = queryMember(request.url, "api-version");
  const client = clientVersion(request);
  return {
    ...path,
    transport: "http",
    remote: connection.remote,
    apiVersion,
    clientVersion: client,
    acceptedAt: isFirst ? connection.acceptedAt : clock(),
    ...(isFirst && { securedAt: connection.securedAt }),
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
export function queryMember(url: string, wanted: string): string | undefined {
  const start = url.indexOf("?");
  if (start < 0) return undefined;
  for (const [name, value] of rawQuery(url.slice(start + 1))) {
    if (name.toLowerCase() === wanted) return decodeOnce(value) ?? value;
  }
  return undefined;
}
