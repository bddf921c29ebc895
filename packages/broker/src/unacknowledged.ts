import { limits } from "@rollcall/protocol";

/** A PUBLISH at QoS 1 that was sent to a device. */
export interface SentMessage {
  readonly topic: string;
  readonly payload: Buffer;
}

/** Highest packet id (MQTT 3.1.1, 2.3.1). */
const MAX_ID = 65_535;

/**
 * The messages that were sent to a device at QoS 1 in a kept session and have no PUBACK yet. They are sent again, with
 * their packet ids, when the device connects again (MQTT 3.1.1, 4.4). Bounded: the oldest messages are forgotten when a
 * device acknowledges nothing.
 */
export class Unacknowledged {
  readonly #messages = new Map<number, SentMessage>();
  #bytes = 0;
  #lastId = 0;

  get size(): number {
    return this.#messages.size;
  }

  /** Of the payloads. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Remembers a message; returns its packet id, which no other one that is remembered has. */
  add(message: SentMessage): number {
    do this.#lastId = this.#lastId === MAX_ID ? 1 : this.#lastId + 1;
    while (this.#messages.has(this.#lastId));
    this.#messages.set(this.#lastId, message);
    this.#bytes += message.payload.length;
    for (const [id] of this.#messages) {
      if (this.size <= limits.hubUnacknowledged && this.#bytes <= limits.hubUnacknowledgedBytes) break;
      this.acknowledge(id);
    }
    return this.#lastId;
  }

  /** The PUBACK of a message has come. */
  acknowledge(id: number): void {
    this.#bytes -= this.#messages.get(id)?.payload.length ?? 0;
    this.#messages.delete(id);
  }

  /** By packet id, in the order in which they were sent first. */
  all(): readonly (readonly [number, SentMessage])[] {
    return [...this.#messages];
  }
}
