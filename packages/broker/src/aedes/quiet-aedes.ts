import { Aedes } from "aedes";
import { replacePublish } from "./insides.js";
import type { MqttClient, MqttServer, MqttServerOptions, PublishPacket } from "./mqtt-types.js";

/**
 * Aedes without its routing. It is made to pass messages between clients; here no message goes from one client to
 * another, and no session outlives its connection. So the emitter has no listeners, the persistence stores nothing, and
 * `publish`, the only way to both (for clients, `$SYS` and wills), calls the service instead. This saves nearly half of
 * Aedes's cost per connection, and it makes a leak between devices impossible rather than forbidden.
 */
type Done = (error?: Error | null) => void;

/** Called with each message of a client; Aedes reads on after `done`. */
export type OnPublish = (packet: PublishPacket, client: MqttClient, done: Done) => void;

/**
 * The methods of an emitter (mqemitter) that Aedes calls. They return immediately, so that closing a client takes one
 * step.
 */
const silentEmitter = {
  on: (_topic: string, _listener: unknown, done?: Done) => done?.(),
  removeListener: (_topic: string, _listener: unknown, done?: Done) => done?.(),
  emit: (_packet: unknown, done?: Done) => done?.(),
  close: (done?: Done) => done?.(),
};

const nothing = Promise.resolve(undefined);

/**
 * The methods of a persistence that Aedes calls for clients with a clean session (take-connect.ts makes every session
 * clean). A QoS 1 message to such a client is written and forgotten, so that missing PUBACKs cost no memory.
 */
const noPersistence = {
  // Aedes requires an async function here.
  async setup(): Promise<void> {},
  delWill: () => nothing,
  outgoingStream: () => [],
  outgoingClearMessageId: () => nothing,
  // A stray PUBREL: Aedes answers PUBCOMP when the packet does not exist.
  incomingGetPacket: () => Promise.reject(new Error("no such packet")),
  // Aedes only pipes it into the client.
  createRetainedStreamCombi: () => ({ pipe: () => undefined }),
  streamWill: () => [],
};

/** The longest interval whose fourfold, which Aedes uses as well, still fits a timer (2^31 - 1 ms): 6 days. */
const NEVER = 2 ** 29 - 1;

/** Starts an Aedes without routing. */
export async function createQuietAedes(options: MqttServerOptions, onPublish: OnPublish): Promise<MqttServer> {
  const aedes = new Aedes({ ...options, mq: silentEmitter, persistence: noPersistence, heartbeatInterval: NEVER });
  replacePublish(aedes, (packet, client, done) => {
    if (client) onPublish(packet, client, done);
    else done(null);
  });
  await aedes.listen();
  return aedes;
}
