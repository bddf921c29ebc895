import { setTimeout as sleep } from "node:timers/promises";
import type { DeviceChange } from "@rollcall/protocol";
import type { Client } from "pg";
import { changeChannel, readChange } from "../sql/change-message.js";

export interface ChangeFeedOptions {
  /**
   * Makes a dedicated connection, not yet open. A pooled connection would return to the pool, and its messages with it.
   */
  readonly makeClient: () => Promise<Client>;
  readonly idScope: string;
  /** Id of this process in the messages that it sends. */
  readonly node: string;
  /** How often a query checks that the connection is alive. */
  readonly heartbeatMilliseconds: number;
}

type Watcher = (change: DeviceChange) => void;

/** Milliseconds before the next attempt to connect: the first pause, and the longest. */
const PAUSE = { first: 100, longest: 10_000 };
/** Milliseconds that closing a connection may take. */
const PARTING = 1000;

/**
 * Receives the messages of the other processes that share the database. PostgreSQL keeps no messages for a listener
 * that is not connected, so the feed reports `missed` after each connect.
 */
export class ChangeFeed {
  readonly #options: ChangeFeedOptions;
  readonly #watchers: Watcher[] = [];
  readonly #closing = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: ChangeFeedOptions) {
    this.#options = options;
  }

  /** Adds a watcher. The first watcher starts the feed. */
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
      // Random, since all nodes lose the server at the same moment and should not all reconnect at once.
      await sleep(pause * (0.5 + Math.random()), undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /**
   * Listens until the connection is lost or the feed is closed. Returns false when the connection could not be made.
   */
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
      // The caller tries again, whatever the error was. The store's own queries report the reason.
    }
    if (client) await Promise.race([client.end().catch(() => undefined), sleep(PARTING, undefined, { ref: false })]);
    return isHeard;
  }
}
