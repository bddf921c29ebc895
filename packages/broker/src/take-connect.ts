import { nanoid } from "nanoid";
import { letIn, takeOver } from "./aedes/insides.js";
import type { MqttServer } from "./aedes/mqtt-types.js";
import { connackPacket } from "./connack.js";
import { decideConnect } from "./connect.js";
import type { Connection } from "./connection.js";
import type { BrokerContext } from "./context.js";

/** A CONNECT of MQTT 3.1.1 as mqtt-packet reads it. */
export interface ConnectPacket {
  readonly cmd: "connect";
  readonly clientId: string;
  readonly protocolVersion?: number;
  readonly username?: string;
  readonly password?: Buffer;
  /** Seconds; 0 is for ever. */
  readonly keepalive?: number;
}

/**
 * Handles a CONNECT in place of Aedes: its own handler restores sessions and delivers what was stored for them, through a
 * stream pipeline that is made and aborted for each connection, and here no session outlives its connection. Each client
 * gets an id of ours: Aedes lets a CONNECT throw off whoever has its id, and before that CONNECT has proved anything.
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
  // Engine and hub do not reject, so this is a mistake of the broker's own: it must not take the process down.
  answer().catch((error: unknown) => {
    context.log.error("a CONNECT failed", error);
    client.close();
  });
}
