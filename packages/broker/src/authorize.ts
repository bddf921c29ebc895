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

/** Whether a filter may be subscribed to; notes a refusal. Grants it when it may. */
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

/** Why a PUBLISH is not taken, if it is not: then the connection is closed. */
export function publishProblem(
  connection: Connection,
  packet: { readonly topic: string; readonly qos: number },
): Finding | undefined {
  const { session } = connection;
  const { topic, qos } = packet;
  if (qos > 1) return finding("protocol.qosUnsupported", { got: `QoS ${qos} on ${topic}` });
  if (session?.kind === "hub") return hubProblem(topic, session.device.deviceId);
  const asked = parseProvisioningTopic(topic);
  if (!session || !asked) return finding("protocol.topicUnknown", { values: { topic }, got: topic });
  if (!session.challengeOnly) return undefined;
  const first = asked.operation === "register" && connection.registers === 0;
  const what = asked.operation === "register" ? "A second register request" : "A status request";
  return first ? undefined : finding("tpm.challengeOnly", { values: { what } });
}

function hubProblem(topic: string, deviceId: string): Finding | undefined {
  const asked = parseHubTopic(topic);
  const own = asked !== undefined && (asked.operation !== "telemetry" || asked.deviceId === deviceId);
  return own ? undefined : finding("hub.topicUnknown", { values: { topic }, got: topic });
}
