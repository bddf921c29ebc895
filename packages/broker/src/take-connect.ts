import type { EventEmitter } from "node:events";
import type { Aedes, Client } from "aedes";
import { nanoid } from "nanoid";
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

/** What Aedes's own handler of CONNECT sets on a client, and its types leave out. */
interface Insides extends EventEmitter {
  id: string;
  clean: boolean;
  version: number;
  connecting: boolean;
  connected: boolean;
  connackSent: boolean;
  _authorized: boolean;
  _parsingBatch: number;
  _connectTimer: NodeJS.Timeout | null;
  _keepaliveTimer: NodeJS.Timeout | null;
  _keepaliveInterval: number;
  pause(): void;
  resume(): void;
  _nextBatch(error?: Error): void;
}

/** The registry of clients, which Aedes's types leave out. */
interface Registry {
  registerClient(client: Client): void;
}

/**
 * Handles a CONNECT in place of Aedes: its own handler restores sessions and delivers what was stored for them, through a
 * stream pipeline that is made and aborted for each connection, and here no session outlives its connection. Each client
 * gets an id of ours: Aedes lets a CONNECT throw off whoever has its id, and before that CONNECT has proved anything.
 */
export function takeConnect(aedes: Aedes, connection: Connection, packet: ConnectPacket, context: BrokerContext): void {
  // A cast: see Insides.
  const client = connection.client as unknown as Insides;
  client._parsingBatch++;
  if (client._connectTimer) clearTimeout(client._connectTimer);
  client._connectTimer = null;
  client.connecting = true;
  client.id = nanoid();
  // Whatever the device asks (wire.md#mqtt-transport): no session is kept, and its will is forgotten.
  client.clean = true;
  client.version = 4;
  client.pause();
  connection.clientId = packet.clientId;
  void decideConnect(connection, packet.username, packet.password, context).then((code) => {
    if (connection.client.closed) return;
    connection.stream.write(Buffer.of(0x20, 0x02, 0x00, code));
    if (code === 0) begin(aedes, connection.client, client, packet.keepalive ?? 0);
    else connection.client.close();
  });
}

function begin(aedes: Aedes, client: Client, insides: Insides, keepalive: number): void {
  insides._authorized = true;
  if (keepalive > 0) {
    // MQTT 3.1.1, 3.1.2.10: one and a half of the interval. Aedes begins anew with each packet that comes.
    insides._keepaliveInterval = keepalive * 1500 + 1;
    const silent = () => insides.emit("error", new Error("keep alive timeout"));
    insides._keepaliveTimer = setTimeout(silent, insides._keepaliveInterval);
  }
  // A cast: the method is there, aedes.d.ts leaves it out.
  (aedes as unknown as Registry).registerClient(client);
  insides.connackSent = true;
  insides.connecting = false;
  insides.connected = true;
  // Packets that came in the same read as the CONNECT wait for this.
  insides.emit("connected");
  insides.resume();
  insides._nextBatch();
}
