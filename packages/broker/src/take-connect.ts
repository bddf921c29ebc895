import { nanoid } from "nanoid";
import { letIn, takeOver } from "./aedes/insides.js";
import type { MqttServer } from "./aedes/mqtt-types.js";
import { connackPacket } from "./connack.js";
import { decideConnect } from "./connect.js";
import type { Connection } from "./connection.js";
import type { BrokerContext } from "./context.js";
import { sendAgain } from "./reply.js";

/** The members of mqtt-packet's CONNECT packet (MQTT 3.1.1) that are used here. */
export interface ConnectPacket {
  readonly cmd: "connect";
  readonly clientId: string;
  /** Clean session. */
  readonly clean?: boolean;
  readonly protocolVersion?: number;
  readonly username?: string;
  readonly password?: Buffer;
  /** Seconds; 0: no limit. */
  readonly keepalive?: number;
}

/**
 * Handles a CONNECT in place of Aedes: its own handler restores sessions and delivers what was stored for them, through a
 * stream pipeline that is made and aborted for each connection; here the hub keeps what outlives a connection. Each client
 * gets an id of ours: Aedes disconnects the client that has the id of a new CONNECT, before that CONNECT has proved
 * anything.
 */
export function takeConnect(
  server: MqttServer,
  connection: Connection,
  packet: ConnectPacket,
  context: BrokerContext,
): void {
  const { client, stream } = connection;
  takeOver(client, nanoid());
  connection.clientId = packet.clientId;
  connection.wantsClean = packet.clean !== false;
  const answer = async () => {
    const reason = await decideConnect(connection, packet.username, packet.password, context);
    if (client.closed) return;
    const kept = connection.session?.kind === "hub" ? connection.session.kept : undefined;
    stream.write(connackPacket(reason, kept?.isPresent));
    if (reason !== "accepted") return client.close();
    letIn(server, client, packet.keepalive ?? 0);
    sendAgain(connection);
  };
  // Engine and hub do not reject, so this is an error of the broker itself; it must not end the process.
  answer().catch((error: unknown) => {
    context.log.error("a CONNECT failed", error);
    client.close();
  });
}
