import { decodeOnce, rawQuery } from "./topics.js";

/**
 * A parsed MQTT user name: of a device that registers, or of a device that connects to its hub (wire.md#user-name,
 * wire.md#hub-user-name).
 */
export type UserName =
  | {
      readonly kind: "provisioning";
      readonly idScope: string;
      readonly registrationId: string;
      /** Absent when the user name has no api-version. */
      readonly apiVersion?: string;
      readonly clientVersion?: string;
    }
  | {
      readonly kind: "hub";
      readonly hub: string;
      readonly deviceId: string;
      readonly moduleId?: string;
      readonly apiVersion?: string;
    }
  | { readonly kind: "malformed"; readonly reason: string };

/** Longest user name that is parsed; real user names have fewer than 700 characters. */
const MAX_LENGTH = 4096;

const malformed = (reason: string): UserName => ({ kind: "malformed", reason });

/**
 * Reads an MQTT user name. Provisioning: `{idScope}/registrations/{registrationId}/api-version={v}[&ClientVersion={text}]`;
 * hub: `{hub}/{deviceId}[/{moduleId}]/?api-version={v}…`. The registration id is not percent-encoded (wire.md#user-name).
 */
export function parseUserName(text: string): UserName {
  if (text.length === 0) return malformed("it is empty");
  if (text.length > MAX_LENGTH) return malformed(`it has ${text.length} characters`);
  const parts = text.split("/");
  const [first = "", second = "", third] = parts;
  if (third === undefined) return malformed("it has fewer than three segments between slashes");
  if (first === "") return malformed("its first segment is empty");
  if (second === "registrations" && !third.startsWith("?")) return provisioning(first, third, parts.slice(3).join("/"));
  return hub(first, text.slice(first.length + 1));
}

function provisioning(idScope: string, registrationId: string, query: string): UserName {
  if (registrationId === "") return malformed("the registration id is empty");
  const members = rawQuery(query);
  const apiVersion = decodeOnce(members.get("api-version") ?? "");
  const clientVersion = decodeOnce(members.get("ClientVersion") ?? "");
  return {
    kind: "provisioning",
    idScope,
    registrationId,
    ...(apiVersion && { apiVersion }),
    ...(clientVersion && { clientVersion }),
  };
}

function hub(host: string, rest: string): UserName {
  const query = rest.indexOf("/?");
  if (query < 0)
    return malformed(
      "it is neither {idScope}/registrations/{registrationId}/api-version=… nor {hub}/{deviceId}/?api-version=…",
    );
  const [deviceId = "", moduleId, more] = rest.slice(0, query).split("/");
  if (deviceId === "") return malformed("the device id is empty");
  if (more !== undefined) return malformed("it has more than two segments between the hub and the query");
  const apiVersion = decodeOnce(rawQuery(rest.slice(query + 2)).get("api-version") ?? "");
  return { kind: "hub", hub: host, deviceId, ...(moduleId && { moduleId }), ...(apiVersion && { apiVersion }) };
}

/** The user name that a device sends to register. */
export function formatProvisioningUserName(name: {
  idScope: string;
  registrationId: string;
  apiVersion: string;
  clientVersion: string;
}): string {
  return `${name.idScope}/registrations/${name.registrationId}/api-version=${name.apiVersion}&ClientVersion=${encodeURIComponent(name.clientVersion)}`;
}

/** The user name that a device sends to its hub. */
export function formatHubUserName(name: {
  hub: string;
  deviceId: string;
  apiVersion: string;
  clientVersion: string;
}): string {
  return `${name.hub}/${name.deviceId}/?api-version=${name.apiVersion}&DeviceClientType=${encodeURIComponent(name.clientVersion)}`;
}
