import { Aedes, type AedesOptions, type AedesPublishPacket, type Client } from "aedes";

/**
 * Aedes without its routing. It is built to carry messages between clients; here nothing ever goes from one client to
 * another, and no session outlives its connection. So the emitter knows no listeners, the persistence holds nothing, and
 * `publish`, the one door to both (for clients, `$SYS` and wills), leads to the service instead. That is nearly half of
 * Aedes's cost per connection, and it makes a leak between devices impossible rather than forbidden.
 */
type Done = (error?: Error | null) => void;

/** What a client published; `done` lets Aedes read on. */
export type OnPublish = (packet: AedesPublishPacket, client: Client, done: Done) => void;

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

/** The parts of Aedes that its types leave out. */
interface Registry {
  publish(packet: AedesPublishPacket, clientOrDone: Client | Done | null | undefined, done?: Done): void;
}

/** Starts it. */
export async function createQuietAedes(options: AedesOptions, onPublish: OnPublish): Promise<Aedes> {
  const aedes = new Aedes({ ...options, mq: silentEmitter, persistence: noPersistence, heartbeatInterval: NEVER });
  // A cast: the methods exist, aedes.d.ts declares them narrower or not at all.
  const registry = aedes as unknown as Registry;
  registry.publish = (packet, clientOrDone, done) => {
    if (typeof clientOrDone === "function") return clientOrDone(null);
    if (!clientOrDone) return done?.(null);
    return onPublish(packet, clientOrDone, done ?? (() => undefined));
  };
  await aedes.listen();
  return aedes;
}
