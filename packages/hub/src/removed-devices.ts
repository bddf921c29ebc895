import type { HubDevice } from "./hub-types.js";

/** Beyond this many, the oldest are dropped: then the hub only says that the device is unknown. */
const MAX_REMEMBERED = 1000;

/** The way in which a device was removed. */
export interface Removal {
  /** Milliseconds since 1970 of an operator's deletion; absent when a registration removed the device. */
  readonly deletedAt?: number;
  /** It is still there, and registered with another certificate: only the connections that stood with the old one end. */
  readonly isRenewal?: true;
}

/**
 * Devices that were removed since the service started, in order to refuse a CONNECT that had found them, with the
 * reason.
 */
export class RemovedDevices {
  readonly #removals = new Map<string, Removal & { readonly order: number }>();
  #order = 0;

  /** Grows with every removal: a CONNECT remembers the value at its beginning. */
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

  /** The removal of the device, if it was removed after `order`. */
  removedSince(device: HubDevice, order: number): Removal | undefined {
    const removal = this.#removals.get(keyOf(device));
    return removal && removal.order > order ? removal : undefined;
  }
}

const keyOf = ({ hub, deviceId }: HubDevice) => `${hub.toLowerCase()}/${deviceId}`;
