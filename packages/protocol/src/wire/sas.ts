import { createHmac, timingSafeEqual } from "node:crypto";
import { decodeOnce } from "./topics.js";

/** A parsed shared access signature token (wire.md#sas). */
export interface SasToken {
  /** `sr` exactly as received: this text was signed (wire.md#rules, rule 1). */
  readonly resource: string;
  /** `sr` decoded and lower-cased, for comparison. */
  readonly resourceKey: string;
  readonly signature: Buffer;
  /** `se` exactly as received: this text was signed. */
  readonly expiryText: string;
  /** Seconds since 1970. */
  readonly expiry: number;
  /** Absent in Python's tokens, empty in Java's. */
  readonly keyName?: string;
}

/** A token, or the reason why the text is not a token. */
export type SasParse =
  | { readonly ok: true; readonly token: SasToken }
  | { readonly ok: false; readonly reason: string };

const PREFIX = "SharedAccessSignature ";
const MAX_LENGTH = 4096;
const bad = (reason: string): SasParse => ({ ok: false, reason });

/** Reads `SharedAccessSignature sr={sr}&sig={sig}&se={se}[&skn={skn}]`, members in any order. Never throws. */
export function parseSas(text: string): SasParse {
  if (text.length > MAX_LENGTH) return bad(`the token has ${text.length} characters`);
  if (!text.startsWith(PREFIX)) return bad('it does not start with "SharedAccessSignature " (case matters, one space)');
  const members = new Map<string, string>();
  for (const member of text.slice(PREFIX.length).split("&")) {
    const equals = member.indexOf("=");
    if (equals < 0) return bad("a member has no =");
    const name = member.slice(0, equals);
    if (members.has(name)) return bad(`the member ${JSON.stringify(name.slice(0, 20))} appears twice`);
    members.set(name, member.slice(equals + 1));
  }
  const missing = ["sr", "sig", "se"].filter((name) => !members.get(name));
  if (missing.length > 0) return bad(`it has no ${missing.join(", ")}`);
  return readMembers(members);
}

function readMembers(members: ReadonlyMap<string, string>): SasParse {
  const resource = members.get("sr") ?? "";
  const decoded = decodeOnce(resource.replaceAll("+", " "));
  if (decoded === undefined) return bad("sr is not percent-encoded text");
  const expiryText = members.get("se") ?? "";
  if (!/^\d{1,16}$/.test(expiryText)) return bad("se is not a whole number of seconds since 1970");
  const signatureText = decodeOnce(members.get("sig") ?? "");
  if (signatureText === undefined || !/^[A-Za-z0-9+/]{43}=$/.test(signatureText))
    return bad("sig is not the base64 of 32 bytes");
  const keyName = members.get("skn");
  return {
    ok: true,
    token: {
      resource,
      resourceKey: decoded.toLowerCase(),
      signature: Buffer.from(signatureText, "base64"),
      expiryText,
      expiry: Number(expiryText),
      ...(keyName !== undefined && { keyName: decodeOnce(keyName) ?? keyName }),
    },
  };
}

/** HMAC-SHA256 over the unchanged `sr` text, a line feed and the `se` text (wire.md#sas). */
export function signSas(key: Uint8Array, resource: string, expiryText: string): Buffer {
  return createHmac("sha256", key).update(`${resource}\n${expiryText}`).digest();
}

/** True when `key` made this signature; constant-time. */
export function isSignedBy(token: SasToken, key: Uint8Array): boolean {
  return timingSafeEqual(signSas(key, token.resource, token.expiryText), token.signature);
}

/** Writes a token. `resource` is inserted and signed as given, so encode it first if the peer expects that. */
export function formatSas(options: {
  resource: string;
  expiry: number;
  signature: Uint8Array;
  keyName?: string;
}): string {
  const sig = encodeURIComponent(Buffer.from(options.signature).toString("base64"));
  const name = options.keyName === undefined ? "" : `&skn=${options.keyName}`;
  return `${PREFIX}sr=${options.resource}&sig=${sig}&se=${options.expiry}${name}`;
}

/**
 * The key of one device of a symmetric-key group: HMAC-SHA256(group key, registration id), 32 bytes
 * (wire.md#key-derivation).
 */
export function deriveDeviceKey(groupKey: Uint8Array, registrationId: string): Buffer {
  return createHmac("sha256", groupKey).update(registrationId, "utf8").digest();
}

/** The resource in a device's token for the provisioning service. */
export function provisioningResource(idScope: string, registrationId: string): string {
  return `${idScope}/registrations/${registrationId}`;
}

/** The resource in a device's token for its hub. */
export function hubResource(hub: string, deviceId: string): string {
  return `${hub}/devices/${deviceId}`;
}

/** `skn` of a device token, and the `keyName` of a TPM challenge. */
export const REGISTRATION_KEY_NAME = "registration";
