import type { HubDevice } from "./hub-types.js";

/** Beyond this many the oldest are forgotten: then the hub only says that it knows no such device. */
const MAX_REMEMBERED = 1000;

/** How a device went away. */
export interface Removal {
  /** When an operator deleted it, in milliseconds since 1970; absent when a registration took it away. */
  readonly deletedAt?: number;
  /** It is still there, and registered with another certificate: only the connections that stood with the old one end. */
  readonly isRenewal?: true;
}

/** Devices that went away since the service started: for refusing a CONNECT that had found them, and saying why. */
export class RemovedDevices {
  readonly #removals = new Map<string, Removal & { readonly order: number }>();
  #order = 0;

  /** Grows with every removal: a CONNECT remembers what it was when it began. */
  get order(): number {
    return this.#order;
  }

  add(device: HubDevice, removal: Removal): void {
    const key = keyOf(device);
    this.#removals.delete(key);
    this.#removals.set(key, { ...removal, order: ++this.#order });
    const [oldest] = this.#removals.keys();
    if (this.#removals.size > MAX_REMEMBERED && oldest !== undefined) this.#removals.delete(oldest);
  }

  /** How it went away, if it did since `order`. */
  removedSince(device: HubDevice, order: number): Removal | undefined {
    const removal = this.#removals.get(keyOf(device));
    return removal && removal.order > order ? removal : undefined;
  }
}

const keyOf = ({ hub, deviceId }: HubDevice) => `${hub.toLowerCase()}/${deviceId}`;
