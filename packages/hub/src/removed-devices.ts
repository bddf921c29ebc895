import type { HubDevice } from "./hub-types.js";

/** Beyond this many the oldest are forgotten: then the hub only says that it knows no such device. */
const MAX_REMEMBERED = 1000;

interface Removal {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly order: number;
}

/** Devices that an operator took away since the service started: for saying so to the next one that comes. */
export class RemovedDevices {
  readonly #removals = new Map<string, Removal>();
  #order = 0;

  /** Grows with every removal: a CONNECT remembers what it was when it began. */
  get order(): number {
    return this.#order;
  }

  add(device: HubDevice, at: number): void {
    const key = keyOf(device);
    this.#removals.delete(key);
    this.#removals.set(key, { at, order: ++this.#order });
    const [oldest] = this.#removals.keys();
    if (this.#removals.size > MAX_REMEMBERED && oldest !== undefined) this.#removals.delete(oldest);
  }

  /** When it was taken away, if it was since `order`. */
  removedSince(device: HubDevice, order: number): number | undefined {
    const removal = this.#removals.get(keyOf(device));
    return removal && removal.order > order ? removal.at : undefined;
  }
}

const keyOf = ({ hub, deviceId }: HubDevice) => `${hub.toLowerCase()}/${deviceId}`;
