import {
  type Finding,
  finding,
  limits,
  parseSas,
  provisioningResource,
  REGISTRATION_KEY_NAME,
  type SasToken,
} from "@rollcall/protocol";
import type { AttestationRequest } from "./verdict.js";

/** A `se` beyond this (the year 5138) is not meant as seconds: it is a current time in milliseconds. */
const MILLISECONDS_FROM = 100_000_000_000;

/** The lifetime that most SDKs give a token (wire.md#sas-by-client). */
const USUAL_LIFETIME_SECONDS = 3600;

/** The result of the checks of a token that need no key. `token` is absent when it cannot be read. */
export interface TokenCheck {
  readonly token?: SasToken;
  readonly findings: readonly Finding[];
}

/** Reads a device's token and checks its resource and expiry (wire.md#sas). */
export function checkToken(text: string, request: AttestationRequest, now: number): TokenCheck {
  const parsed = parseSas(text);
  if (!parsed.ok) {
    const values = { reason: parsed.reason, scope: request.idScope, id: request.registrationId };
    const expected = `SharedAccessSignature sr=${provisioningResource(request.idScope, request.registrationId)}&sig=…&se=…`;
    return { findings: [finding("token.malformed", { values, expected, got: parsed.reason })] };
  }
  const { token } = parsed;
  return { token, findings: [...checkResource(token, request), ...checkExpiry(token, now), ...checkKeyName(token)] };
}

function checkResource(token: SasToken, request: AttestationRequest): readonly Finding[] {
  const expected = provisioningResource(request.idScope, request.registrationId);
  if (token.resourceKey === expected.toLowerCase()) return [];
  return [finding("token.resourceMismatch", { values: { expected }, expected, got: token.resource })];
}

function checkExpiry(token: SasToken, now: number): readonly Finding[] {
  if (token.expiry >= MILLISECONDS_FROM) {
    const expected = `seconds, about ${Math.floor(now / 1000)}`;
    return [finding("token.expiryInMilliseconds", { expected, got: token.expiryText })];
  }
  const late = Math.floor(now / 1000) - token.expiry;
  if (late <= limits.clockSkewSeconds) return [];
  return [
    finding("token.expired", {
      values: { ago: duration(late), slow: duration(late + USUAL_LIFETIME_SECONDS) },
      expected: `se after ${new Date(now).toISOString()}`,
      got: new Date(token.expiry * 1000).toISOString(),
    }),
  ];
}

function checkKeyName(token: SasToken): readonly Finding[] {
  if (token.keyName === undefined || token.keyName === "" || token.keyName === REGISTRATION_KEY_NAME) return [];
  return [
    finding("token.policyNameUnexpected", {
      values: { got: token.keyName },
      expected: REGISTRATION_KEY_NAME,
      got: token.keyName,
    }),
  ];
}

/** Seconds in words, in the largest fitting unit. */
function duration(seconds: number): string {
  const units: readonly (readonly [number, string])[] = [
    [86_400, "days"],
    [3600, "hours"],
    [60, "minutes"],
  ];
  const [size, name] = units.find(([unit]) => seconds >= 2 * unit) ?? [1, "seconds"];
  return `${Math.floor(seconds / size)} ${name}`;
}
