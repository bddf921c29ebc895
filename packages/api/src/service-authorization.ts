import type { Clock } from "@rollcall/engine";
import { DpsError, decodeOnce, isSignedBy, limits, type Permission, parseSas, type SasToken } from "@rollcall/protocol";
import type { FastifyRequest } from "fastify";
import type { Authorize } from "./service-api.js";

/** A shared access policy: clients that sign with one of its keys have its permissions. */
export interface AccessPolicy {
  readonly name: string;
  readonly permissions: readonly Permission[];
  /** Primary and secondary key. */
  readonly keys: readonly Uint8Array[];
}

export interface SasAuthorizerOptions {
  readonly policies: readonly AccessPolicy[];
  /** Every name and address under which the service can be reached. */
  readonly hosts: readonly string[];
  readonly clock: Clock;
}

const refused = (message: string) => new DpsError("serviceTokenInvalid", message);

/**
 * Authorization by shared access signature (wire.md#policies). A refusal names the reason: the client belongs to the
 * person who runs the service, and the name of a policy is not a secret.
 */
export function sasAuthorizer({ policies, hosts, clock }: SasAuthorizerOptions): Authorize {
  const byName = new Map(policies.map((policy) => [policy.name, policy]));
  const names = new Set(hosts.map((host) => host.toLowerCase()));
  return (request, permission) => {
    const token = readToken(request.headers.authorization);
    if (!token.keyName) throw refused("The token names no shared access policy (skn).");
    const shown = JSON.stringify(token.keyName.slice(0, 64));
    const policy = byName.get(token.keyName);
    if (!policy) throw refused(`There is no shared access policy ${shown}.`);
    checkSignature(token, policy);
    checkExpiry(token, clock());
    checkResource(token, request, names);
    if (!policy.permissions.includes(permission)) {
      throw refused(`The shared access policy ${shown} does not have the permission ${permission}.`);
    }
  };
}

function readToken(authorization: string | undefined): SasToken {
  if (!authorization) throw refused("The request has no Authorization header with a shared access signature.");
  if (/^bearer\b/i.test(authorization)) {
    throw refused(
      "Azure Active Directory tokens (Authorization: Bearer) are not supported here; use the connection string that `rollcall info` prints.",
    );
  }
  const parsed = parseSas(authorization);
  if (!parsed.ok) throw refused(`The shared access signature cannot be read: ${parsed.reason}.`);
  return parsed.token;
}

function checkSignature(token: SasToken, policy: AccessPolicy): void {
  // Every key is tried, so that the time does not reveal which key matched.
  const matches = policy.keys.map((key) => isSignedBy(token, key));
  if (matches.includes(true)) return;
  throw refused(`The signature was not made with a key of the shared access policy ${JSON.stringify(policy.name)}.`);
}

function checkExpiry({ expiry }: SasToken, now: number): void {
  if (expiry + limits.clockSkewSeconds >= now / 1000) return;
  throw refused(
    `The token expired at second ${expiry}; it is ${Math.floor(now / 1000)} (se is in seconds since 1970).`,
  );
}

/**
 * Checks `sr`: it must be the host, with or without a port, or a longer prefix of the request's path in whole segments.
 */
function checkResource({ resourceKey }: SasToken, request: FastifyRequest, names: ReadonlySet<string>): void {
  const [host = "", ...prefix] = resourceKey.replace(/\/+$/, "").split("/");
  // Clients sign the endpoint that they are configured with: for some, that is a URL.
  if (/^https?:$/.test(host)) {
    throw refused(
      `The token is for ${JSON.stringify(resourceKey.slice(0, 256))}: sr begins with the host, without ${host}//.`,
    );
  }
  if (!names.has(host) && !names.has(hostName(host))) {
    throw refused(
      `The token is for the host ${JSON.stringify(host.slice(0, 256))}, which does not belong to this service.`,
    );
  }
  const [path = ""] = request.url.split("?", 1);
  const asked = path
    .split("/")
    .slice(1)
    .map((segment) => (decodeOnce(segment) ?? segment).toLowerCase());
  if (prefix.every((segment, index) => asked[index] === segment)) return;
  throw refused(
    `The token is for ${JSON.stringify(prefix.join("/").slice(0, 256))}, which does not cover this request.`,
  );
}

function hostName(host: string): string {
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::\d+)?$/.exec(host);
  return match?.[1] ?? match?.[2] ?? host;
}
