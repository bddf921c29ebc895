import type { EventEmitter } from "node:events";
import type { MqttClient, MqttServer, PublishPacket } from "./mqtt-types.js";

/**
 * Every private member of Aedes that Rollcall uses, behind names of our own. No other file names them;
 * `insides.test.ts` looks for each in the installed Aedes and reports a missing member by name. `package.json` pins the
 * version exactly: an update means changing this file, or at least reading it.
 *
 * Hooks that Aedes would have to offer, so that no private member is needed:
 * - a `preConnect` that can answer by itself: the CONNACK, the client's id, and that no session is to be restored (all
 * of `takeOver` and `letIn`). Today a CONNECT closes the client with the same client id before it has proved anything.
 * - a hook for each packet before its handler, which may change or handle the packet (`takePackets`): QoS 2 is granted
 * as 1.
 * - a hook for the bytes of a connection before the parser, or a limit on the size of a packet (`beforeParsing`,
 * `packetLength`), and a hook for a protocol level that the parser does not know.
 * - an option that turns routing off, so that `publish` of a client only calls a handler (`replacePublish`).
 * The other files of this folder use no private member, but rely on the behaviour of Aedes: `half-close.ts` on its
 * ending connections with `destroy()`, `join-writes.ts` on the turns of the event loop between PUBACK and reply, and
 * `quiet-aedes.ts` on the methods that it calls on an emitter and a persistence. An orderly end and a single write for
 * PUBACK and reply would be hooks, too.
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
  id: {
    type: "string",
    isNullable: true,
    why: "an id of our own, so that a stranger with the same client id disconnects nobody",
  },
  clean: { type: "boolean", why: "every session is clean, whatever the device asks (wire.md#mqtt-transport)" },
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

/** Passes every published message to a function: with the client for a client's message, without it for Aedes's own. */
export function replacePublish(
  server: MqttServer,
  publish: (packet: PublishPacket, client: MqttClient | undefined, done: Done) => void,
): void {
  insidesOfServer(server).publish = (packet, clientOrDone, done = () => undefined) => {
    if (typeof clientOrDone === "function") publish(packet, undefined, clientOrDone);
    else publish(packet, clientOrDone ?? undefined, done);
  };
}
