import { Aedes } from "aedes";
import { replacePublish } from "./insides.js";
import type { MqttClient, MqttServer, MqttServerOptions, PublishPacket } from "./mqtt-types.js";

/**
 * Aedes without its routing. It is built to carry messages between clients; here nothing ever goes from one client to
 * another, and no session outlives its connection. So the emitter knows no listeners, the persistence holds nothing, and
 * `publish`, the one door to both (for clients, `$SYS` and wills), leads to the service instead. That is nearly half of
 * Aedes's cost per connection, and it makes a leak between devices impossible rather than forbidden.
 */
type Done = (error?: Error | null) => void;

/** What a client published; `done` lets Aedes read on. */
export type OnPublish = (packet: PublishPacket, client: MqttClient, done: Done) => void;

/** What Aedes calls of an emitter (mqemitter). Answers at once: closing a client is then one step, not several. */
const silentEmitter = {
  on: (_topic: string, _listener: unknown, done?: Done) => done?.(),
  removeListener: (_topic: string, _listener: unknown, done?: Done) => done?.(),
  emit: (_packet: unknown, done?: Done) => done?.(),
  close: (done?: Done) => done?.(),
};

const nothing = Promise.resolve(undefined);

/**
 * What Aedes calls of a persistence for clients with a clean session (every one is made clean in take-connect.ts). A QoS 1
 * message to such a client is written and forgotten: the PUBACKs that never come cost no memory.
 */
const noPersistence = {
  // Aedes insists on an async function here.
  async setup(): Promise<void> {},
  delWill: () => nothing,
  outgoingStream: () => [],
  outgoingClearMessageId: () => nothing,
  // A stray PUBREL: Aedes answers PUBCOMP when there is no such packet.
  incomingGetPacket: () => Promise.reject(new Error("no such packet")),
  // Only ever piped into the client.
  createRetainedStreamCombi: () => ({ pipe: () => undefined }),
  streamWill: () => [],
};

/** Longest interval whose fourfold, which Aedes uses too, still fits a timer (2^31 - 1 ms): 6 days. */
const NEVER = 2 ** 29 - 1;

/** Starts it. */
export async function createQuietAedes(options: MqttServerOptions, onPublish: OnPublish): Promise<MqttServer> {
  const aedes = new Aedes({ ...options, mq: silentEmitter, persistence: noPersistence, heartbeatInterval: NEVER });
  replacePublish(aedes, (packet, client, done) => {
    if (client) onPublish(packet, client, done);
    else done(null);
  });
  await aedes.listen();
  return aedes;
}
