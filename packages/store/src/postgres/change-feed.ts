import { setTimeout as sleep } from "node:timers/promises";
import type { DeviceChange } from "@rollcall/protocol";
import type { Client } from "pg";
import { changeChannel, readChange } from "../sql/change-message.js";

export interface ChangeFeedOptions {
  /** A connection of its own, not yet open: a pool's are given back, and what they listened to with them. */
  readonly makeClient: () => Promise<Client>;
  readonly idScope: string;
  /** What this process signs its own messages with. */
  readonly node: string;
  /** Whether a connection is still one is asked this often. */
  readonly heartbeatMilliseconds: number;
}

type Watcher = (change: DeviceChange) => void;

/** Milliseconds until the next attempt to connect, at first and at most. */
const PAUSE = { first: 100, longest: 10_000 };
/** How long a server may take to say goodbye, in milliseconds. */
const PARTING = 1000;

/**
 * What other processes say about the database that they share, as long as it is heard. PostgreSQL keeps no message for who is not
 * connected: after each time that nobody listened, `missed` says so.
 */
export class ChangeFeed {
  readonly #options: ChangeFeedOptions;
  readonly #watchers: Watcher[] = [];
  readonly #closing = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: ChangeFeedOptions) {
    this.#options = options;
  }

  /** Begins with the first watcher. */
  watch(watcher: Watcher): void {
    this.#watchers.push(watcher);
    this.#running ??= this.#run();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  #tell(change: DeviceChange): void {
    if (this.#closing.signal.aborted) return;
    for (const watcher of this.#watchers) watcher(change);
  }

  #hear(text: string): void {
    const message = readChange(text);
    const { idScope, node } = this.#options;
    if (message?.scope === idScope && message.node !== node) this.#tell(message.change);
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    let isTold = false;
    for (let pause = PAUSE.first; !signal.aborted; pause = Math.min(pause * 2, PAUSE.longest)) {
      const wasHeard = await this.#listen();
      if (wasHeard) pause = PAUSE.first;
      if (wasHeard || !isTold) this.#tell({ kind: "unheard" });
      isTold = true;
      // A part of it by chance: all nodes lose a server at the same moment.
      await sleep(pause * (0.5 + Math.random()), undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /** Until the connection is lost, or closed; false when there was none. */
  async #listen(): Promise<boolean> {
    const lost = new AbortController();
    const signal = AbortSignal.any([lost.signal, this.#closing.signal]);
    let client: Client | undefined;
    let isHeard = false;
    try {
      client = await this.#options.makeClient();
      client.on("error", () => lost.abort()).on("end", () => lost.abort());
      client.on("notification", ({ payload = "" }) => this.#hear(payload));
      await client.connect();
      await client.query(`listen ${changeChannel}`);
      isHeard = true;
      this.#tell({ kind: "missed" });
      for (;;) {
        await sleep(this.#options.heartbeatMilliseconds, undefined, { signal, ref: false });
        await client.query("select 1");
      }
    } catch {
      // Whatever it was, there is another attempt. What the store itself is asked for fails with the reason.
    }
    if (client) await Promise.race([client.end().catch(() => undefined), sleep(PARTING, undefined, { ref: false })]);
    return isHeard;
  }
}
