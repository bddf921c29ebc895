import type { EventEmitter } from "node:events";
import type { MqttClient, MqttServer, PublishPacket } from "./mqtt-types.js";

/**
 * Every private member of Aedes that Rollcall uses, behind names of our own. No other file names them;
 * `insides.test.ts` looks for each in the installed Aedes and reports a missing member by name. `package.json` pins the
 * version exactly: an update means changing this file, or at least reading it.
 *
 * Hooks that Aedes would have to offer, so that no private member is needed:
 * - `preConnect` that may answer itself: the CONNACK, the client's id, and that no session is to be restored (all of `takeOver` and
 *   `letIn`). Today a CONNECT closes the client that has its client id, before it has proved anything.
 * - a hook for each packet before its handler, which may change or take the packet (`takePackets`): QoS 2 granted as 1.
 * - a hook for the bytes of a connection before the parser, or a limit on the size of a packet (`beforeParsing`, `packetLength`), and
 *   one for a protocol level that the parser does not know.
 * - a PUBLISH to a client with a packet id of the caller's (`deliver`), so that it can be sent again with the same.
 * - a switch that turns routing off: `publish` of a client asks a handler and nobody else (`replacePublish`).
 * The other files of this folder touch no private member, but go by how Aedes behaves: `half-close.ts` by its ending a connection
 * with `destroy()`, `join-writes.ts` by the turns of the event loop between PUBACK and reply, and `quiet-aedes.ts` by what it calls of
 * an emitter and of a persistence. An orderly end and one write for both would be hooks, too.
 */
interface PrivateMember {
  readonly type: "object" | "number" | "boolean" | "function" | "string";
  /** May also be null while it has no value. */
  readonly isNullable?: true;
  readonly why: string;
}

/** The parser of one client, from mqtt-packet. */
interface Parser extends EventEmitter {
  parse(bytes: Buffer): number;
  /** The packet that is being read. */
  readonly packet: { readonly length: number };
}

/**
 * Members of a client that Aedes's own handler of CONNECT sets; Aedes's types omit them or declare them as read-only.
 */
interface ClientInsides {
  _parser: Parser;
  id: string | null;
  clean: boolean;
  version: number | null;
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
  deliverQoS(packet: QoSPacket, done: Done): void;
}

/** A PUBLISH at QoS 1 with a packet id of ours. */
interface QoSPacket {
  readonly cmd: "publish";
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 1;
  readonly retain: false;
  readonly dup: boolean;
  readonly messageId: number;
}

type Done = (error?: Error | null) => void;

/** The members of the server that Aedes's types omit or declare too narrowly. */
interface ServerInsides {
  registerClient(client: MqttClient): void;
  publish(packet: PublishPacket, clientOrDone: MqttClient | Done | null | undefined, done?: Done): void;
}

/** The private members of a client; the type ensures that the table is complete. */
export const clientMembers = {
  _parser: { type: "object", why: "to see bytes and packets before the handlers do" },
  id: { type: "string", isNullable: true, why: "an id of ours: nobody is thrown off by a stranger who knows his" },
  clean: {
    type: "boolean",
    why: "to Aedes every session is clean: what is kept, the hub keeps (wire.md#hub-sessions)",
  },
  version: { type: "number", isNullable: true, why: "the protocol level: 4" },
  connecting: { type: "boolean", why: "a CONNECT is being decided: a second one is refused" },
  connected: { type: "boolean", why: "requests are accepted from now on" },
  connackSent: { type: "boolean", why: "packets are handled immediately from now on, not queued" },
  _authorized: { type: "boolean", why: "the client is unregistered when it disconnects" },
  _parsingBatch: { type: "number", why: "the bytes after the CONNECT wait for its answer" },
  _connectTimer: { type: "object", isNullable: true, why: "the CONNECT has arrived, so its timeout ends" },
  _keepaliveTimer: { type: "object", isNullable: true, why: "Aedes restarts it with each packet" },
  _keepaliveInterval: { type: "number", why: "above 0, Aedes keeps the timer going" },
  pause: { type: "function", why: "no packet is read while the CONNECT is decided" },
  resume: { type: "function", why: "reading continues after the decision" },
  _nextBatch: { type: "function", why: "ends the handling of the CONNECT" },
  deliverQoS: { type: "function", why: "a PUBLISH keeps its packet id when it is sent again" },
} as const satisfies Record<keyof ClientInsides, PrivateMember>;

/** The private members of the server; the type ensures that the table is complete. */
export const serverMembers = {
  registerClient: { type: "function", why: "Aedes registers clients that it accepted itself" },
  publish: { type: "function", why: "the only way to emitter and persistence; it calls the service instead" },
} as const satisfies Record<keyof ServerInsides, PrivateMember>;

// A cast: Aedes declares these members differently or not at all; insides.test.ts checks that they exist.
const insidesOf = (client: MqttClient) => client as unknown as ClientInsides & EventEmitter;
// A cast: as above.
const insidesOfServer = (server: MqttServer) => server as unknown as ServerInsides;

/** Puts a function between the bytes of a client and its parser; the function gets the parser's own `parse`. */
export function beforeParsing(
  client: MqttClient,
  look: (bytes: Buffer, parse: (bytes: Buffer) => number) => number,
): void {
  const { _parser: parser } = insidesOf(client);
  const parse = parser.parse.bind(parser);
  parser.parse = (bytes) => look(bytes, parse);
}

/** Number of bytes that the packet which is being read has announced. */
export function packetLength(client: MqttClient): number {
  return insidesOf(client)._parser.packet.length;
}

/**
 * Puts a function between the packets of a client and Aedes's handlers; Aedes handles the packets for which it returns
 * false.
 */
export function takePackets<Packet>(client: MqttClient, take: (packet: Packet) => boolean): void {
  const { _parser: parser } = insidesOf(client);
  const handlers = parser.listeners("packet");
  parser.removeAllListeners("packet");
  parser.on("packet", (packet: Packet) => {
    if (take(packet)) return;
    for (const handler of handlers) handler.call(parser, packet);
  });
}

/** Handles a CONNECT instead of Aedes: nothing more is read of this client until it is let in. */
export function takeOver(client: MqttClient, id: string): void {
  const insides = insidesOf(client);
  insides._parsingBatch++;
  if (insides._connectTimer) clearTimeout(insides._connectTimer);
  insides._connectTimer = null;
  insides.connecting = true;
  insides.id = id;
  insides.clean = true;
  insides.version = 4;
  insides.pause();
}

/**
 * Lets in a client that was taken over, like Aedes after it has sent its CONNACK. `keepalive` in seconds; 0: no limit.
 */
export function letIn(server: MqttServer, client: MqttClient, keepalive: number): void {
  const insides = insidesOf(client);
  insides._authorized = true;
  if (keepalive > 0) {
    // MQTT 3.1.1, 3.1.2.10: one and a half times the interval. Aedes restarts the timer with each packet.
    insides._keepaliveInterval = keepalive * 1500 + 1;
    const silent = () => insides.emit("error", new Error("keep alive timeout"));
    insides._keepaliveTimer = setTimeout(silent, insides._keepaliveInterval);
  }
  insidesOfServer(server).registerClient(client);
  insides.connackSent = true;
  insides.connecting = false;
  insides.connected = true;
  // Packets that were read together with the CONNECT wait for this event.
  insides.emit("connected");
  insides.resume();
  insides._nextBatch();
}

/** Sends a PUBLISH at QoS 1 with a packet id of ours; `publish` of a client gives it one of Aedes's. */
export function deliver(
  client: MqttClient,
  message: Pick<QoSPacket, "topic" | "payload" | "dup" | "messageId">,
  done: () => void = () => undefined,
): void {
  insidesOf(client).deliverQoS({ cmd: "publish", qos: 1, retain: false, ...message }, done);
}

/** Has all that is published go to a function: what clients publish with the client, and what Aedes itself does without one. */
export function replacePublish(
  server: MqttServer,
  publish: (packet: PublishPacket, client: MqttClient | undefined, done: Done) => void,
): void {
  insidesOfServer(server).publish = (packet, clientOrDone, done = () => undefined) => {
    if (typeof clientOrDone === "function") publish(packet, undefined, clientOrDone);
    else publish(packet, clientOrDone ?? undefined, done);
  };
}
