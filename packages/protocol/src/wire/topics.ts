import { limits } from "../facts/limits.js";
import { modulePlace, splitPlace } from "../facts/module-place.js";

/** Every MQTT topic of the device provisioning service (wire.md#topics) and of the hub (wire.md#hub-topics). */
export const topics = {
  register: "$dps/registrations/PUT/iotdps-register/",
  operationStatus: "$dps/registrations/GET/iotdps-get-operationstatus/",
  onboardingUpdates: "$dps/registrations/POST/iotdps-get-onboarding-deviceupdate/",
  softwareUpdates: "$dps/registrations/POST/iotdps-get-deviceupdate/",
  updateStatus: "$dps/registrations/POST/iotdps-report-deviceupdatestatus/",
  reply: "$dps/registrations/res/",
  replies: "$dps/registrations/res/#",
  twinGet: "$iothub/twin/GET/",
  twinReported: "$iothub/twin/PATCH/properties/reported/",
  twinReply: "$iothub/twin/res/",
  twinReplies: "$iothub/twin/res/#",
  twinDesired: "$iothub/twin/PATCH/properties/desired/",
  twinDesiredUpdates: "$iothub/twin/PATCH/properties/desired/#",
  methodReply: "$iothub/methods/res/",
  methodCalls: "$iothub/methods/POST/#",
} as const;

/** A PUBLISH of a device to the provisioning service. `rid` is the text as received: it is echoed byte for byte. */
export type ProvisioningTopic =
  | { readonly operation: "register"; readonly rid: string }
  | { readonly operation: "operationStatus"; readonly rid: string; readonly operationId: string }
  | { readonly operation: "softwareUpdate"; readonly rid: string };

/** The requests about software updates (wire.md#software-updates). */
const updateTopics = [topics.onboardingUpdates, topics.softwareUpdates, topics.updateStatus] as const;

/** A PUBLISH of a device to its hub. */
export type HubTopic =
  | { readonly operation: "twinGet"; readonly rid: string }
  | { readonly operation: "twinReported"; readonly rid: string; readonly baseVersion?: number }
  | { readonly operation: "methodReply"; readonly rid: string; readonly status: string }
  /** Of a module, `deviceId` is its place. */
  | { readonly operation: "telemetry"; readonly deviceId: string; readonly properties: string };

/** Splits the query of `prefix?a=b&c=d` into its raw, still encoded members; undefined for a topic of another shape. */
function queryBehind(prefix: string, topic: string): Map<string, string> | undefined {
  if (!topic.startsWith(prefix)) return undefined;
  const rest = topic.slice(prefix.length);
  if (!rest.startsWith("?")) return undefined;
  return rawQuery(rest.slice(1));
}

/** The members of a query string, nothing decoded; the first of equal names wins. */
export function rawQuery(query: string): Map<string, string> {
  const members = new Map<string, string>();
  for (const member of query.split("&")) {
    const equals = member.indexOf("=");
    const name = equals < 0 ? member : member.slice(0, equals);
    if (name !== "" && !members.has(name)) members.set(name, equals < 0 ? "" : member.slice(equals + 1));
  }
  return members;
}

/** Percent-decodes once; undefined for malformed text. */
export function decodeOnce(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** Reads the topic of a device's PUBLISH to the provisioning service; undefined for anything else. */
export function parseProvisioningTopic(topic: string): ProvisioningTopic | undefined {
  const register = queryBehind(topics.register, topic)?.get("$rid");
  if (register !== undefined) return register === "" ? undefined : { operation: "register", rid: register };
  const update = updateTopics.map((each) => queryBehind(each, topic)).find((members) => members !== undefined);
  const updateRid = update?.get("$rid");
  if (updateRid) return { operation: "softwareUpdate", rid: updateRid };
  const status = queryBehind(topics.operationStatus, topic);
  const rid = status?.get("$rid");
  const operationId = decodeOnce(status?.get("operationId") ?? "");
  if (!rid || !operationId) return undefined;
  return { operation: "operationStatus", rid, operationId };
}

/** Reads the topic of a device's PUBLISH to its hub; undefined for anything else. */
export function parseHubTopic(topic: string): HubTopic | undefined {
  const get = queryBehind(topics.twinGet, topic)?.get("$rid");
  if (get) return { operation: "twinGet", rid: get };
  const reported = queryBehind(topics.twinReported, topic);
  const reportedRid = reported?.get("$rid");
  if (reportedRid) {
    const version = reported?.get("$version");
    if (version === undefined || !/^\d{1,15}$/.test(version)) return { operation: "twinReported", rid: reportedRid };
    return { operation: "twinReported", rid: reportedRid, baseVersion: Number(version) };
  }
  const method = /^\$iothub\/methods\/res\/(-?\d{1,9})\/\?\$rid=([^&]+)/.exec(topic);
  if (method?.[1] && method[2]) return { operation: "methodReply", status: method[1], rid: method[2] };
  const telemetry = /^devices\/([^/]+)(?:\/modules\/([^/]+))?\/messages\/events\/?(.*)$/.exec(topic);
  if (!telemetry?.[1]) return undefined;
  const deviceId = decodeOnce(telemetry[1]);
  const moduleId = telemetry[2] === undefined ? undefined : decodeOnce(telemetry[2]);
  if (deviceId === undefined || (telemetry[2] !== undefined && moduleId === undefined)) return undefined;
  const place = moduleId === undefined ? deviceId : modulePlace({ deviceId, moduleId });
  return { operation: "telemetry", deviceId: place, properties: telemetry[3] ?? "" };
}

/** The topic of a reply: `$rid` first, then an integer `retry-after` (wire.md#rules, rule 3). */
export function formatReplyTopic(reply: { status: number; rid: string; retryAfter?: number | undefined }): string {
  const retry = reply.retryAfter === undefined ? "" : `&retry-after=${Math.ceil(reply.retryAfter)}`;
  return `${topics.reply}${reply.status}/?$rid=${reply.rid}${retry}`;
}

/** The topic of a hub's twin reply; `$rid` before `$version` (Java cuts there). */
export function formatTwinReplyTopic(reply: { status: number; rid: string; version?: number | undefined }): string {
  const version = reply.version === undefined ? "" : `&$version=${reply.version}`;
  return `${topics.twinReply}${reply.status}/?$rid=${reply.rid}${version}`;
}

/** The filters that carry the ids of the device or module, as they are and encoded. */
function ownFilters({ deviceId, moduleId }: ReturnType<typeof splitPlace>): readonly string[] {
  const spellings = [(id: string) => id, encodeURIComponent];
  if (moduleId === undefined) return spellings.map((spell) => `devices/${spell(deviceId)}/messages/devicebound/#`);
  return spellings.flatMap((spell) =>
    ["inputs/#", "messages/devicebound/#", "#"].map(
      (rest) => `devices/${spell(deviceId)}/modules/${spell(moduleId)}/${rest}`,
    ),
  );
}

/** The subscriptions that a hub grants to one device, or to the module at this place. */
export function isHubSubscription(filter: string, deviceId: string): boolean {
  const own = splitPlace(deviceId);
  // Only filters of a device are kept; with two escaped ids, a module's own filter may be longer.
  if (own.moduleId === undefined && filter.length > limits.hubFilterLength) return false;
  const shared: readonly string[] = [topics.twinReplies, topics.twinDesiredUpdates, topics.methodCalls];
  return shared.includes(filter) || ownFilters(own).includes(filter);
}
