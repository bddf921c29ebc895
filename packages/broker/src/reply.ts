import type { Attempt } from "@rollcall/engine";
import { finding, type Json, type JsonObject, type ReplyBody, toAsciiJson, topics } from "@rollcall/protocol";
import { deliver } from "./aedes/insides.js";
import { flushWrites } from "./aedes/join-writes.js";
import type { Connection } from "./connection.js";

/** Sends the reply of the provisioning service to the connection that asked, and only to it. */
export function sendReply(
  connection: Connection,
  reply: { readonly topic: string; readonly body: ReplyBody; readonly rid: string },
  attempt: Attempt,
): void {
  if (connection.closed) return;
  const qos = connection.granted.get(topics.replies);
  if (qos === undefined) {
    attempt.add(finding("protocol.notSubscribed", { values: { rid: reply.rid } }));
    return;
  }
  attempt.step("reply");
  send(connection, { topic: reply.topic, payload: toAsciiJson(reply.body), qos });
}

/** Sends a twin reply; a PATCH is answered without a body. `sent` is called after it was sent, or could not be sent. */
export function sendTwinReply(
  connection: Connection,
  reply: { readonly topic: string; readonly body: Json | undefined; readonly rid: string },
  sent: () => void = () => undefined,
): void {
  if (connection.closed) return;
  const qos = connection.granted.get(topics.twinReplies);
  if (qos === undefined) {
    connection.attempt?.add(finding("hub.notSubscribed", { values: { rid: reply.rid } }));
    sent();
    return;
  }
  const payload = reply.body === undefined ? "" : toAsciiJson(reply.body);
  send(connection, { topic: reply.topic, payload, qos }, sent);
}

/** Sends a change of the desired properties to a device that has subscribed to such changes. */
export function sendDesired(connection: Connection, patch: JsonObject): void {
  const qos = connection.granted.get(topics.twinDesiredUpdates);
  if (connection.closed || qos === undefined) return;
  const topic = `${topics.twinDesired}?$version=${String(patch["$version"])}`;
  send(connection, { topic, payload: toAsciiJson(patch), qos });
}

/** Sends what had no PUBACK in the connection before, in its order, marked as sent again (MQTT 3.1.1, 3.3.1.1 and 4.4). */
export function sendAgain(connection: Connection): void {
  for (const [messageId, message] of connection.unacknowledged.all())
    deliver(connection.client, { ...message, messageId, dup: true });
}

function send(
  connection: Connection,
  message: { readonly topic: string; readonly payload: string; readonly qos: 0 | 1 },
  sent: () => void = () => undefined,
): void {
  const { topic, payload, qos } = message;
  const bytes = Buffer.from(payload);
  const isKept = connection.session?.kind === "hub" && connection.session.kept !== undefined;
  // A failed write closes the client, which is all there is to do about it.
  if (qos === 1 && isKept) {
    const messageId = connection.unacknowledged.add({ topic, payload: bytes });
    deliver(connection.client, { topic, payload: bytes, messageId, dup: false }, sent);
  } else {
    connection.client.publish({ cmd: "publish", topic, payload: bytes, qos, retain: false, dup: false }, sent);
  }
  flushWrites(connection.stream);
}
