import type { EventEmitter } from "node:events";
import type { Client } from "aedes";

/**
 * What has to be done between the bytes and Aedes's handlers, where Aedes offers no hook: these are the only places that
 * know its insides (`client._parser`, an mqtt-packet parser). The tests of CONNECT, of QoS 2 and of too large packets fail when they change.
 */
interface Insides {
  readonly _parser: EventEmitter & { parse(bytes: Buffer): number; readonly packet: { readonly length: number } };
}

/** A packet as mqtt-packet reads it, as far as it is looked at here. */
export interface InboundPacket {
  readonly cmd: string;
  readonly topic?: string;
  readonly subscriptions?: readonly { qos: number }[];
}

/** What the guard of one client calls. */
export interface GuardEvents {
  /** Each packet before Aedes sees it; may change it. True: it is dealt with, and Aedes does not see it. */
  readonly packet: (packet: InboundPacket) => boolean;
  /** A packet of more than `limit` bytes has begun. */
  readonly tooLarge: (bytes: number) => void;
  /** The first packet is a CONNECT of a protocol level that the parser does not know; CONNACK 1 has been sent. */
  readonly unknownLevel: (level: number) => void;
}

/** CONNACK, return code 1: unacceptable protocol level. */
const CONNACK_1 = Buffer.of(0x20, 0x02, 0x00, 0x01);

/** Puts the guard in. A stranger could otherwise announce a packet of 256 MB and have it collected in memory. */
export function guardClient(client: Client, limit: number, events: GuardEvents): void {
  const { _parser: parser } = client as unknown as Insides;
  const parse = parser.parse.bind(parser);
  let first = true;
  parser.parse = (bytes) => {
    const level = first ? connectLevel(bytes) : undefined;
    first = false;
    if (level !== undefined && (level < 3 || level > 5)) {
      client.conn.write(CONNACK_1);
      events.unknownLevel(level);
      client.close();
      return 0;
    }
    const rest = parse(bytes);
    if (parser.packet.length > limit && !client.closed) events.tooLarge(parser.packet.length);
    return rest;
  };
  const handlers = parser.listeners("packet");
  parser.removeAllListeners("packet");
  parser.on("packet", (packet: InboundPacket) => {
    // Aedes trips over a packet that stands in the same read behind the one that closed the client.
    if (client.closed) return;
    if (events.packet(packet)) return;
    for (const handler of handlers) handler.call(parser, packet);
  });
}

/** The protocol level of a CONNECT that begins here, as far as these bytes show it. */
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
