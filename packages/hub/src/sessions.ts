import type { HubSession, HubSubscription } from "@rollcall/protocol";
import { bareHost } from "./bare-host.js";
import type { HubDevice, KeptSession } from "./hub-types.js";
import type { DeviceStore } from "./ports.js";

/** How often a write is tried again when another process changed the session meanwhile. */
const TRIES = 4;

interface SessionsOptions {
  readonly store: DeviceStore;
  readonly newId: () => string;
  /** Hears of writes that failed and that nobody waits for. */
  readonly onFailure: (error: unknown) => void;
}

/** A session of a device that is connected here, and what the store has of it. */
class OpenSession implements KeptSession {
  readonly device: HubDevice;
  readonly id: string;
  readonly isPresent: boolean;
  readonly subscriptions: readonly HubSubscription[];
  /** As last read or written; undefined before the first write. */
  stored: HubSession | undefined;
  /** The subscriptions that the next write stores; undefined when no write is due. */
  wanted: readonly HubSubscription[] | undefined;

  constructor(device: HubDevice, session: HubSession, isPresent: boolean) {
    this.device = device;
    this.id = session.id;
    this.subscriptions = session.subscriptions;
    this.isPresent = isPresent;
    this.stored = isPresent ? session : undefined;
    this.wanted = isPresent ? undefined : [];
  }
}

/**
 * The sessions of devices that connect with clean session 0 (wire.md#hub-sessions). The store keeps the subscriptions
 * of a device, so that they exist at another node and after a restart. The writes of a device run one after another,
 * and its next CONNECT waits for them.
 */
export class Sessions {
  readonly #options: SessionsOptions;
  /** The last write of a device that is under way. */
  readonly #writing = new Map<string, Promise<unknown>>();

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  /** Waits for what this process is writing of a device. */
  async settled(device: HubDevice): Promise<void> {
    await this.#writing.get(keyOf(device))?.catch(() => undefined);
  }

  /** Begins the session of a device that was let in: takes up what is stored, begins anew, or forgets it. */
  async begin(
    device: HubDevice,
    stored: HubSession | undefined,
    wish: "keep" | "clean" | undefined,
  ): Promise<KeptSession | undefined> {
    if (wish === "clean" && stored) await this.#inTurn(device, () => this.#forget(device, stored));
    if (wish !== "keep") return undefined;
    if (stored) return new OpenSession(device, stored, true);
    const session = new OpenSession(device, { id: this.#options.newId(), subscriptions: [] }, false);
    // Nobody waits for it: the first CONNECT of a device takes no longer for it.
    this.#inTurn(device, () => this.#write(session)).catch(this.#options.onFailure);
    return session;
  }

  /** Keeps the subscriptions of a session; several calls at once are one write. Rejects when the store fails. */
  async keep(session: KeptSession, subscriptions: readonly HubSubscription[]): Promise<void> {
    if (!(session instanceof OpenSession)) return;
    session.wanted = subscriptions;
    await this.#inTurn(session.device, () => this.#write(session));
  }

  async #inTurn(device: HubDevice, write: () => Promise<void>): Promise<void> {
    const key = keyOf(device);
    const before = this.#writing.get(key) ?? Promise.resolve();
    const mine = before.catch(() => undefined).then(write);
    this.#writing.set(key, mine);
    try {
      await mine;
    } finally {
      if (this.#writing.get(key) === mine) this.#writing.delete(key);
    }
  }

  async #write(session: OpenSession): Promise<void> {
    const subscriptions = session.wanted;
    if (!subscriptions) return;
    session.wanted = undefined;
    try {
      await this.#replace(session, { id: session.id, subscriptions });
    } catch (error) {
      session.wanted ??= subscriptions;
      throw error;
    }
  }

  /** Gives up when the device has begun another session meanwhile: that one counts. */
  async #replace(session: OpenSession, next: HubSession): Promise<void> {
    const { hub, deviceId } = session.device;
    for (let attempt = 0; attempt < TRIES; attempt++) {
      if (await this.#options.store.replaceSession(hub, deviceId, { expected: session.stored, next })) {
        session.stored = next;
        return;
      }
      const current = (await this.#options.store.deviceAndSession(hub, deviceId))?.session;
      if (current?.id !== session.id) return;
      session.stored = current;
    }
  }

  async #forget({ hub, deviceId }: HubDevice, stored: HubSession): Promise<void> {
    let expected: HubSession | undefined = stored;
    for (let attempt = 0; expected && attempt < TRIES; attempt++) {
      if (await this.#options.store.replaceSession(hub, deviceId, { expected, next: undefined })) return;
      expected = (await this.#options.store.deviceAndSession(hub, deviceId))?.session;
    }
  }
}

const keyOf = ({ hub, deviceId }: HubDevice) => `${bareHost(hub)}/${deviceId}`;
