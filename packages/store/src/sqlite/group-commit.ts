import type { Work } from "../sql/work.js";
import type { SqliteRunner } from "./sqlite-runner.js";

export interface GroupCommitOptions {
  readonly runner: SqliteRunner;
  /** How long the first write of a group waits for other writes, when others are likely. */
  readonly windowMilliseconds: number;
}

interface Waiting {
  /** Runs the write; false when it did not apply and is to be rolled back. */
  readonly attempt: () => boolean;
  /** Settles the write's promise with its result. */
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
}

/** SQLite blocks the thread while it works: a larger group would delay everything else for too long. */
const largestGroup = 200;

const toError = (thrown: unknown) => (thrown instanceof Error ? thrown : new Error(String(thrown)));

/** After at most this many writes that did not wait, one waits again to see whether others come. */
const longestPatience = 256;

/**
 * Decides whether a write waits for others. Only waiting shows whether there are many clients. If no other write came,
 * the next 1, 2, 4 … writes do not wait; as soon as another write came, every write waits.
 */
class Patience {
  #skips = 0;
  #skipsLeft = 0;

  /** Whether the next write should wait. */
  get waits(): boolean {
    return this.#skipsLeft <= 0;
  }

  /** Notes how many writes a group had, and whether the group had waited. */
  saw(writes: number, waited: boolean): void {
    if (writes > 1) this.#skips = this.#skipsLeft = 0;
    else if (waited) this.#skipsLeft = this.#skips = Math.min(Math.max(1, this.#skips * 2), longestPatience);
    else this.#skipsLeft -= 1;
  }
}

/**
 * Commits all writes of a short window with one fsync. Each write is atomic in its own savepoint, and no write settles,
 * not even a refused one, before the commit is durable. The window is measured in time, not in turns of the event loop:
 * a TLS handshake fills a whole turn, so that turns would group nothing.
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  #waiting: Waiting[] = [];
  /** Cancels the scheduled start of the next group; undefined when no write waits. */
  #cancel: (() => void) | undefined;
  #running: Promise<void> = Promise.resolve();
  #patience = new Patience();
  #waited = false;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  /** Runs a write in the next group. A write that returns false is rolled back. */
  commit<T>(start: () => Work<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      let result: { readonly value: T } | undefined;
      const attempt = () => {
        result = { value: this.#options.runner.run(start()) };
        return result.value !== false;
      };
      this.#waiting.push({ attempt, resolve: () => result && resolve(result.value), reject });
      this.#cancel ??= this.#schedule();
    });
  }

  /** Schedules the start of the next group. Writes of one turn of the event loop form a group in any case. */
  #schedule(): () => void {
    this.#waited = this.#patience.waits;
    if (!this.#waited) {
      const next = setImmediate(() => this.#start());
      return () => clearImmediate(next);
    }
    const timer = setTimeout(() => this.#start(), this.#options.windowMilliseconds);
    return () => clearTimeout(timer);
  }

  /** Starts the waiting group at once. Resolves when all writes are done. */
  async flush(): Promise<void> {
    if (this.#cancel) this.#start();
    await this.#running;
  }

  #start(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const groups = this.#waiting;
    this.#waiting = [];
    this.#patience.saw(groups.length, this.#waited);
    this.#running = this.#running.then(async () => {
      for (let at = 0; at < groups.length; at += largestGroup) {
        this.#commitGroup(groups.slice(at, at + largestGroup));
        if (at + largestGroup < groups.length) await new Promise((resolve) => setImmediate(resolve));
      }
    });
  }

  /** Runs without a pause: a read in between would use the same connection and see uncommitted data. */
  #commitGroup(group: readonly Waiting[]): void {
    const { runner } = this.#options;
    const failed = new Map<Waiting, unknown>();
    try {
      runner.command("begin immediate");
      for (const waiting of group) this.#attempt(waiting, failed);
      runner.command("commit");
    } catch (error) {
      this.#rollBack();
      for (const { reject } of group) reject(toError(error));
      return;
    }
    for (const waiting of group) {
      if (failed.has(waiting)) waiting.reject(toError(failed.get(waiting)));
      else waiting.resolve();
    }
  }

  /**
   * Runs one write in a savepoint. Throws when SQLite has rolled back the whole transaction, as on a full disk: the
   * savepoint is gone then.
   */
  #attempt(waiting: Waiting, failed: Map<Waiting, unknown>): void {
    const { runner } = this.#options;
    runner.command("savepoint one_write");
    let applies = false;
    try {
      applies = waiting.attempt();
    } catch (error) {
      failed.set(waiting, error);
    }
    if (!applies) this.#rollBackOne(failed.get(waiting));
    runner.command("release savepoint one_write");
  }

  #rollBackOne(reason: unknown): void {
    try {
      this.#options.runner.command("rollback to savepoint one_write");
    } catch (lost) {
      throw reason ?? lost;
    }
  }

  #rollBack(): void {
    try {
      this.#options.runner.command("rollback");
    } catch {
      // SQLite has rolled back by itself. The writes are rejected with the original error.
    }
  }
}
