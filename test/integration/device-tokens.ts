import { deriveDeviceKey, formatSas, signSas } from "@rollcall/protocol";

/** A client's way to write its token (wire.md#sas-by-client). */
export interface TokenStyle {
  /** The text of `sr`: exactly this is signed and sent. */
  readonly resource: (text: string) => string;
  /** Absent: no `skn` at all. */
  readonly keyName?: string;
  readonly order: readonly ("sr" | "sig" | "se" | "skn")[];
  readonly lifetimeSeconds: number;
}

const raw = (text: string) => text;
const lowerHex = (text: string) => encodeURIComponent(text).replace(/%../g, (code) => code.toLowerCase());

/** One row per client, by the letters of wire.md#clients. */
export const tokenStyles = {
  N: { resource: raw, keyName: "registration", order: ["sr", "sig", "skn", "se"], lifetimeSeconds: 3600 },
  P: { resource: encodeURIComponent, order: ["sr", "sig", "se"], lifetimeSeconds: 3600 },
  C: { resource: lowerHex, keyName: "registration", order: ["sr", "sig", "se", "skn"], lifetimeSeconds: 2400 },
  S: {
    resource: (text) => encodeURIComponent(text).replaceAll("%20", "+"),
    keyName: "registration",
    order: ["sr", "sig", "se", "skn"],
    lifetimeSeconds: 86_400,
  },
  J: { resource: raw, keyName: "", order: ["sr", "sig", "se", "skn"], lifetimeSeconds: 3600 },
  E: { resource: lowerHex, order: ["sr", "sig", "se"], lifetimeSeconds: 3600 },
  R: {
    resource: (text) => encodeURIComponent(text.toLowerCase()),
    keyName: "registration",
    order: ["sr", "sig", "se", "skn"],
    lifetimeSeconds: 30,
  },
} as const satisfies Record<string, TokenStyle>;

export interface TokenOptions {
  readonly idScope: string;
  readonly registrationId: string;
  /** base64. */
  readonly key: string;
  readonly style?: TokenStyle;
  /** Seconds since 1970; default: now and the style's lifetime. */
  readonly expiry?: number;
}

/** A token for the provisioning service. */
export function deviceToken({ idScope, registrationId, key, style = tokenStyles.N, expiry }: TokenOptions): string {
  const resource = style.resource(`${idScope}/registrations/${registrationId}`);
  const se = String(expiry ?? Math.floor(Date.now() / 1000) + style.lifetimeSeconds);
  const sig = encodeURIComponent(signSas(Buffer.from(key, "base64"), resource, se).toString("base64"));
  const members = { sr: resource, sig, se, skn: style.keyName };
  const written = style.order.flatMap((name) => (members[name] === undefined ? [] : [`${name}=${members[name]}`]));
  return `SharedAccessSignature ${written.join("&")}`;
}

/** A token for the assigned hub. */
export function hubToken(hub: string, deviceId: string, key: string): string {
  const resource = encodeURIComponent(`${hub}/devices/${deviceId}`);
  const expiry = Math.floor(Date.now() / 1000) + 3600;
  return formatSas({ resource, expiry, signature: signSas(Buffer.from(key, "base64"), resource, String(expiry)) });
}

/** base64 of the key of one device of a group. */
export function groupDeviceKey(groupKey: string, registrationId: string): string {
  return deriveDeviceKey(Buffer.from(groupKey, "base64"), registrationId).toString("base64");
}
