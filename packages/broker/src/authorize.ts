import {
  type Finding,
  finding,
  isHubSubscription,
  limits,
  parseHubTopic,
  parseProvisioningTopic,
  topics,
} from "@rollcall/protocol";
import type { Connection } from "./connection.js";

/** Decides whether a client may subscribe to a filter; records the grant, or notes the refusal. */
export function authorizeSubscribe(connection: Connection, filter: string, qos: number): boolean {
  const { session, granted } = connection;
  if (!session) return false;
  const known = session.kind === "hub" ? isHubSubscription(filter, session.device.deviceId) : filter === topics.replies;
  const room = granted.has(filter) || granted.size < limits.hubSubscriptions;
  if (known && room) {
    granted.set(filter, qos === 0 ? 0 : 1);
    connection.attempt?.step("subscribe");
    return true;
  }
  const code = session.kind === "hub" ? "hub.subscriptionUnknown" : "protocol.subscriptionUnknown";
  connection.attempt?.add(finding(code, { values: { topic: filter }, got: filter }));
  return false;
}

/** The reason why a PUBLISH is refused and its connection closed; undefined when it is allowed. */
export function publishProblem(
  connection: Connection,
  packet: { readonly topic: string; readonly qos: number },
): Finding | undefined {
  const { session } = connection;
  const { topic, qos } = packet;
  if (qos > 1) return finding("protocol.qosUnsupported", { got: `QoS ${qos} on ${topic}` });
  if (session?.kind === "hub")
    return isOwnTopic(topic, session.device.deviceId) ? undefined : unknownTopic(connection, topic);
  const asked = parseProvisioningTopic(topic);
  if (!session || !asked) return unknownTopic(connection, topic);
  if (!session.challengeOnly) return undefined;
  if (asked.operation === "register" && !connection.challengeAsked) {
    // Set here and not when it is answered, since a second request may follow immediately.
    connection.challengeAsked = true;
    return undefined;
  }
  const what = asked.operation === "register" ? "A second register request" : "A status request";
  return finding("tpm.challengeOnly", { values: { what } });
}

function isOwnTopic(topic: string, deviceId: string): boolean {
  const asked = parseHubTopic(topic);
  return asked !== undefined && (asked.operation !== "telemetry" || asked.deviceId === deviceId);
}

function unknownTopic(connection: Connection, topic: string): Finding {
  const code = connection.session?.kind === "hub" ? "hub.topicUnknown" : "protocol.topicUnknown";
  return finding(code, { values: { topic }, got: topic });
}

/** The largest number of topic levels that Aedes accepts. */
const MAX_LEVELS = 100;

/** Notes a topic that Aedes refuses before it calls a hook, with the same finding as for any wrong topic. */
export function noteUnpublishable(connection: Connection, topic: string): void {
  const deep = topic.length > MAX_LEVELS && topic.split("/").length > MAX_LEVELS;
  if (deep || topic === "" || /[#+]/.test(topic)) connection.attempt?.add(unknownTopic(connection, topic));
}
