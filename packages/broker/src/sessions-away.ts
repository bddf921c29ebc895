import { limits } from "@rollcall/protocol";
import type { Unacknowledged } from "./unacknowledged.js";

interface Away {
  readonly sessionId: string;
  readonly messages: Unacknowledged;
  readonly since: number;
}

/**
 * Messages without PUBACK of devices that are away. In the memory of this process: a device that comes back to another node, or
 * after a restart, reads its twin anyway (wire.md#hub-sessions). Bounded in bytes and in time; the oldest are forgotten first.
 */
export class SessionsAway {
  readonly #byDevice = new Map<string, Away>();
  #bytes = 0;

  /** `now` in milliseconds. */
  put(device: string, away: { readonly sessionId: string; readonly messages: Unacknowledged }, now: number): void {
    this.#drop(device);
    this.#byDevice.set(device, { ...away, since: now });
    this.#bytes += away.messages.bytes;
    for (const [oldest, { since }] of this.#byDevice) {
      const isOld = now - since > limits.hubUnacknowledgedMs;
      if (!isOld && this.#bytes <= limits.hubUnacknowledgedBytesAway) break;
      this.#drop(oldest);
    }
  }

  /** Takes what is kept for this session of a device; what another one left is dropped. */
  take(device: string, sessionId: string | undefined, now: number): Unacknowledged | undefined {
    const away = this.#byDevice.get(device);
    this.#drop(device);
    const isSame = away?.sessionId === sessionId;
    return away && isSame && now - away.since <= limits.hubUnacknowledgedMs ? away.messages : undefined;
  }

  #drop(device: string): void {
    this.#bytes -= this.#byDevice.get(device)?.messages.bytes ?? 0;
    this.#byDevice.delete(device);
  }
}
