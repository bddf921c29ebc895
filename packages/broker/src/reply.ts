import type { Attempt } from "@rollcall/engine";
import { finding, type Json, type JsonObject, type ReplyBody, toAsciiJson, topics } from "@rollcall/protocol";
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

function send(
  connection: Connection,
  message: { readonly topic: string; readonly payload: string; readonly qos: 0 | 1 },
  sent: () => void = () => undefined,
): void {
  const { topic, payload, qos } = message;
  // A failed write closes the client; nothing else can be done about it.
  connection.client.publish(
    { cmd: "publish", topic, payload: Buffer.from(payload), qos, retain: false, dup: false },
    sent,
  );
  flushWrites(connection.stream);
}
