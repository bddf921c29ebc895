import {
  decodeOnce,
  type HubAuthentication,
  hubResource,
  isSignedBy,
  limits,
  parseSas,
  type SasToken,
} from "@rollcall/protocol";
import { bareHost } from "./bare-host.js";

/** An expiry beyond this number of seconds (the year 5138) is meant in milliseconds. */
const MILLISECONDS = 1e11;

/** Everything that is wrong with a token for the hub (wire.md#hub-connect), in words; empty when it is valid. */
export function sasProblems(
  text: string,
  device: { readonly hub: string; readonly deviceId: string },
  keys: Extract<HubAuthentication, { type: "symmetricKey" }>,
  now: number,
): readonly string[] {
  const parsed = parseSas(text);
  if (!parsed.ok) return [`the token cannot be read: ${parsed.reason}`];
  const { token } = parsed;
  const problems = [resourceProblem(token, device), expiryProblem(token, now), keyProblem(token, keys)];
  return problems.filter((problem) => problem !== undefined);
}

function resourceProblem(
  token: SasToken,
  device: { readonly hub: string; readonly deviceId: string },
): string | undefined {
  const wanted = hubResource(device.hub, device.deviceId).toLowerCase();
  // Some clients encode ids with reserved characters twice.
  const spellings = [token.resourceKey, decodeOnce(token.resourceKey) ?? token.resourceKey].map(withoutPort);
  if (spellings.includes(wanted)) return undefined;
  return `sr names ${token.resourceKey}, not ${hubResource(device.hub, device.deviceId)}`;
}

/** Clients that are configured with a port put it into `sr`, too. */
function withoutPort(resource: string): string {
  const slash = resource.indexOf("/");
  return slash < 0 ? resource : `${bareHost(resource.slice(0, slash))}${resource.slice(slash)}`;
}

function expiryProblem(token: SasToken, now: number): string | undefined {
  if (token.expiry > MILLISECONDS) return "se looks like milliseconds; it is seconds since 1970";
  const late = Math.floor(now / 1000) - token.expiry;
  return late > limits.clockSkewSeconds ? `the token expired ${late} s ago` : undefined;
}

function keyProblem(token: SasToken, keys: Extract<HubAuthentication, { type: "symmetricKey" }>): string | undefined {
  const primary = isSignedBy(token, Buffer.from(keys.primaryKey, "base64"));
  const secondary = keys.secondaryKey !== undefined && isSignedBy(token, Buffer.from(keys.secondaryKey, "base64"));
  return primary || secondary
    ? undefined
    : "the token was signed neither with the primary nor with the secondary key of the device";
}
