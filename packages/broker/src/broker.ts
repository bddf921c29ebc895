import type { EventEmitter } from "node:events";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type ClientConnection, finding, limits, transportRows } from "@rollcall/protocol";
import { closeByHalves } from "./aedes/half-close.js";
import { joinWrites } from "./aedes/join-writes.js";
import type { MqttClient, MqttServer } from "./aedes/mqtt-types.js";
import { createQuietAedes } from "./aedes/quiet-aedes.js";
import { aedesHooks, LEVEL } from "./aedes-hooks.js";
import { noteUnpublishable } from "./authorize.js";
import type { Broker, BrokerLog, BrokerOptions, BrokerTimes } from "./broker-types.js";
import { guardClient, type InboundPacket } from "./client-guard.js";
import { closeDeleted } from "./close-deleted.js";
import { beginUnread } from "./connect.js";
import { Connection } from "./connection.js";
import { Connections } from "./connections.js";
import type { BrokerContext } from "./context.js";
import { keepSubscriptions } from "./keep-subscriptions.js";
import { onPublish } from "./on-publish.js";
import { Refusal } from "./refusal.js";
import { sendDesired } from "./reply.js";
import { type ConnectPacket, takeConnect } from "./take-connect.js";
import { createUpgrade } from "./web-socket.js";

const defaultTimes: BrokerTimes = {
  connect: 30_000,
  linger: 2_000,
  challengeSession: limits.challengeSessionMs,
  registration: 60_000,
  drain: 10_000,
  quickReply: 20,
};
/** Milliseconds that clients have to close their half when the broker stops. */
const LINGER_AT_STOP = 250;
/**
 * The largest packet and WebSocket message that is read: more than a message may have, so that too large messages get
 * an answer.
 */
const MAX_PACKET = 256 * 1024;
/** A client with more unread output than this is cut off. */
const MAX_UNSENT = 512 * 1024;

const silent: BrokerLog = { debug: () => undefined, error: () => undefined };

/** Starts the MQTT front end; its listeners are elsewhere and pass their sockets to it. */
export async function createBroker(options: BrokerOptions): Promise<Broker> {
  const connections = new Connections(options.clock);
  const times = { ...defaultTimes, ...options.times };
  const context: BrokerContext = { ...options, times, connections, log: options.log ?? silent };
  const aedes = await startAedes(context);
  const upgrade = createUpgrade({ maxPayload: MAX_PACKET, closeTimeout: times.linger });
  const stopWatching = watchHub(context);
  let stopped: Promise<void> | undefined;
  const lingerMs = () => (stopped ? LINGER_AT_STOP : times.linger);
  const broker: Broker = {
    handleConnection(stream, peer) {
      if (stopped) stream.destroy();
      else open(aedes, { stream, peer, lingerMs }, context);
    },
    handleUpgrade(request, socket, head, peer) {
      upgrade(request, socket, head, (stream) => broker.handleConnection(stream, peer));
    },
    isConnected: (device) => connections.ofDevice(device) !== undefined,
    stats: () => connections.stats(),
    close() {
      stopped ??= stop(aedes, connections, stopWatching);
      return stopped;
    },
  };
  return broker;
}

/** Passes changes of a device at its hub to the device's connection. Returns the function that stops this. */
function watchHub({ hub, connections }: BrokerContext): () => void {
  const stopDesired = hub.watchDesired((device, patch) => {
    const connection = connections.ofDevice(device);
    if (connection) sendDesired(connection, patch);
  });
  const stopRemoved = hub.watchRemoved((device, reason) => {
    const connection = connections.ofDevice(device);
    if (connection) closeDeleted(connection, device, reason);
    // The modules of a removed device go with it; a renewed certificate of the device does not concern them.
    if (reason !== "removed") return;
    for (const module of connections.modulesOf(device)) closeDeleted(module, device, reason);
  });
  return () => {
    stopDesired();
    stopRemoved();
  };
}

async function startAedes(context: BrokerContext): Promise<MqttServer> {
  const aedes = await createQuietAedes(aedesHooks(context), (packet, client, done) => {
    const connection = context.connections.get(client);
    if (connection) onPublish(packet, connection, context, done);
    else done();
  });
  const note = (client: MqttClient, error: Error) => noteError(context.connections.get(client), error, context);
  aedes.on("clientError", note).on("connectionError", note);
  // Aedes's types omit this event.
  (aedes as EventEmitter).on("error", (error: unknown) => context.log.error("Aedes failed", error));
  return aedes;
}

/** Passes a stream to Aedes, with our guard between them. */
function open(
  aedes: MqttServer,
  accepted: { readonly stream: Duplex; readonly peer: ClientConnection; readonly lingerMs: () => number },
  context: BrokerContext,
): void {
  const { stream, peer, lingerMs } = accepted;
  // PUBACK and reply are two small writes: with Nagle's algorithm the second waits 40 ms.
  if (stream instanceof Socket) stream.setNoDelay(true);
  const client = aedes.handle(stream);
  const connection = new Connection(client, stream, peer);
  context.connections.add(connection);
  closeByHalves(stream, {
    lingerMs,
    closing() {
      leave(connection, context);
      client.close();
    },
  });
  stream.once("close", () => {
    leave(connection, context);
    context.connections.remove(connection);
    // Acknowledged requests may still be running, and note their outcome.
    if (connection.turns.size === 0) connection.visit?.settle();
  });
  guardClient(client, MAX_PACKET, {
    packet: (packet) => inspect(packet, connection, context) || connects(aedes, packet, connection, context),
    tooLarge(bytes) {
      connection.attempt?.add(finding("protocol.packetTooLarge", { values: { bytes, limit: MAX_PACKET } }));
      client.close();
    },
    unknownLevel: (level) => beginUnread(connection, { userName: undefined, level }, context),
  });
}

/** Each packet before Aedes handles it. */
function inspect(packet: InboundPacket, connection: Connection, context: BrokerContext): boolean {
  // Bytes that the client does not read stay in our memory: above the limit its connection is closed.
  if (connection.stream.writableLength > MAX_UNSENT) connection.client.close();
  if (packet.cmd === "publish") {
    noteUnpublishable(connection, packet.topic ?? "");
    if (isAnswered(packet.topic ?? "", connection)) joinWrites(connection.stream);
  }
  if (packet.cmd === "puback") connection.unacknowledged.acknowledge(packet.messageId ?? 0);
  if (packet.cmd === "unsubscribe") unsubscribe(packet.unsubscriptions ?? [], connection, context);
  if (packet.cmd !== "subscribe") return false;
  // Aedes grants the QoS that is requested; QoS 2 is granted as 1 (wire.md#qos).
  for (const subscription of packet.subscriptions ?? []) if (subscription.qos === 2) subscription.qos = 1;
  return false;
}

/** Here and not when Aedes says so: it says it of every filter of a client that leaves, too. */
function unsubscribe(filters: readonly string[], connection: Connection, context: BrokerContext): void {
  const had = filters.filter((filter) => connection.granted.delete(filter));
  if (had.length > 0) void keepSubscriptions(connection, context);
}

/** Takes the first CONNECT of MQTT 3.1.1; a second one, and other levels, are Aedes's to refuse. */
function connects(aedes: MqttServer, packet: InboundPacket, connection: Connection, context: BrokerContext): boolean {
  const { client } = connection;
  if (!isConnect(packet) || packet.protocolVersion !== LEVEL || client.connecting || client.connected) return false;
  takeConnect(aedes, connection, packet, context);
  return true;
}

function isConnect(packet: InboundPacket): packet is InboundPacket & ConnectPacket {
  return packet.cmd === "connect";
}

/**
 * True for requests over a byte stream, not for telemetry. On a WebSocket, each write becomes a message, which clients
 * may take for one packet.
 */
function isAnswered(topic: string, { peer, session }: Connection): boolean {
  return session !== undefined && topic.startsWith("$") && transportRows[peer.transport].isByteStream;
}

/** Notes the error for which Aedes closed a connection if it is the device's fault, not the network's. */
function noteError(connection: Connection | undefined, error: Error, context: BrokerContext): void {
  context.log.debug("an MQTT connection failed", error);
  if (error instanceof Refusal || "code" in error || error.message === "connection closed") return;
  const attempt = connection?.attempt;
  // A topic that Aedes refused has its finding already.
  if (attempt?.findings.some((each) => each.severity === "error")) return;
  attempt?.add(finding("protocol.packetInvalid", { values: { reason: error.message } }));
}

/** Ends the session of a connection that was lost or closed; an open attempt becomes abandoned. */
function leave(connection: Connection, context: BrokerContext): void {
  const { visit, closed } = connection;
  context.connections.leave(connection);
  if (!closed) visit?.leave();
}

async function stop(aedes: MqttServer, connections: Connections, unwatch: () => void): Promise<void> {
  unwatch();
  const open = connections.all();
  const closed = open.map((connection) => new Promise((resolve) => connection.stream.once("close", resolve)));
  for (const connection of open) {
    connection.turns.clear();
    connection.client.close();
  }
  await Promise.all(closed);
  await new Promise<void>((resolve) => aedes.close(resolve));
}
