import { beforeParsing, packetLength, takePackets } from "./aedes/insides.js";
import type { MqttClient } from "./aedes/mqtt-types.js";
import { connackPacket } from "./connack.js";

/** The members of mqtt-packet's packets that are used here. */
export interface InboundPacket {
  readonly cmd: string;
  readonly topic?: string;
  readonly messageId?: number;
  readonly subscriptions?: readonly { qos: number }[];
  readonly unsubscriptions?: readonly string[];
}

/** The callbacks of the guard of a client. */
export interface GuardEvents {
  /** Called for each packet before Aedes handles it; may change the packet. True: Aedes does not get the packet. */
  readonly packet: (packet: InboundPacket) => boolean;
  /** A packet of more than `limit` bytes has begun. */
  readonly tooLarge: (bytes: number) => void;
  /** The first packet is a CONNECT of a protocol level that the parser does not know; CONNACK 1 has been sent. */
  readonly unknownLevel: (level: number) => void;
}

/**
 * Puts the guard between the bytes and Aedes's handlers, where Aedes has no hook. Otherwise a stranger could announce a
 * packet of 256 MB, which would be collected in memory.
 */
export function guardClient(client: MqttClient, limit: number, events: GuardEvents): void {
  let first = true;
  beforeParsing(client, (bytes, parse) => {
    const level = first ? connectLevel(bytes) : undefined;
    first = false;
    if (level !== undefined && (level < 3 || level > 5)) {
      client.conn.write(connackPacket("protocolLevel"));
      events.unknownLevel(level);
      client.close();
      return 0;
    }
    const rest = parse(bytes);
    const length = packetLength(client);
    if (length > limit && !client.closed) events.tooLarge(length);
    return rest;
  });
  // Aedes fails on a packet that was read together with, and after, the packet that closed the client.
  takePackets<InboundPacket>(client, (packet) => client.closed || events.packet(packet));
}

/** The protocol level of a CONNECT that begins here; undefined if these bytes do not contain it. */
function connectLevel(bytes: Buffer): number | undefined {
  if (bytes[0] !== 0x10) return undefined;
  let at = 1;
  while (at < 5 && (bytes[at] ?? 0) >= 0x80) at++;
  at++;
  const nameLength = bytes.length >= at + 2 ? bytes.readUInt16BE(at) : 0;
  const name = bytes.toString("latin1", at + 2, at + 2 + nameLength);
  if (name !== "MQTT" && name !== "MQIsdp") return undefined;
  const level = bytes[at + 2 + nameLength];
  // The highest bit marks a bridge.
  return level === undefined ? undefined : level & 0x7f;
}
