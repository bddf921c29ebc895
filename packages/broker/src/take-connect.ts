import { nanoid } from "nanoid";
import { letIn, takeOver } from "./aedes/insides.js";
import type { MqttServer } from "./aedes/mqtt-types.js";
import { connackPacket } from "./connack.js";
import { decideConnect } from "./connect.js";
import type { Connection } from "./connection.js";
import type { BrokerContext } from "./context.js";

/** The members of mqtt-packet's CONNECT packet (MQTT 3.1.1) that are used here. */
export interface ConnectPacket {
  readonly cmd: "connect";
  readonly clientId: string;
  readonly protocolVersion?: number;
  readonly username?: string;
  readonly password?: Buffer;
  /** Seconds; 0: no limit. */
  readonly keepalive?: number;
}

/**
 * Handles a CONNECT instead of Aedes. Aedes's own handler restores sessions and delivers stored messages through a
 * stream pipeline that it creates and aborts for each connection; here no session outlives its connection. Each client
 * gets an id of our own, because in Aedes a CONNECT disconnects the client with the same id before it has proved
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
  const answer = async () => {
    const reason = await decideConnect(connection, packet.username, packet.password, context);
    if (client.closed) return;
    stream.write(connackPacket(reason));
    if (reason === "accepted") letIn(server, client, packet.keepalive ?? 0);
    else client.close();
  };
  // Engine and hub do not reject, so this is an error of the broker itself; it must not end the process.
  answer().catch((error: unknown) => {
    context.log.error("a CONNECT failed", error);
    client.close();
  });
}
