import type { Work } from "../sql/work.js";
import type { SqliteRunner } from "./sqlite-runner.js";

export interface GroupCommitOptions {
  readonly runner: SqliteRunner;
  /** How long the first write of a group waits for company, where there is company to be had. */
  readonly windowMilliseconds: number;
}

interface Waiting {
  /** Runs the write; false when it did not apply and is to be taken back. */
  readonly attempt: () => boolean;
  /** Tells what came of it. */
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
}

/** SQLite works while it has the thread: a group beyond this would hold up everything else for too long. */
const largestGroup = 200;

const toError = (thrown: unknown) => (thrown instanceof Error ? thrown : new Error(String(thrown)));

/** After as many writes, one that would be alone waits again to see whether it still is. */
const longestPatience = 256;

/**
 * Whether a write should wait for others. Nothing tells one busy client from many but waiting: if nobody came, the next 1, 2, 4 …
 * writes do not wait; as soon as somebody came, every write does.
 */
class Patience {
  #alone = 0;
  #unasked = 0;

  /** Whether the next write should wait. */
  get waits(): boolean {
    return this.#unasked <= 0;
  }

  /** How many writes were together in a group that waited, or did not. */
  saw(writes: number, waited: boolean): void {
    if (writes > 1) this.#alone = this.#unasked = 0;
    else if (waited) this.#unasked = this.#alone = Math.min(Math.max(1, this.#alone * 2), longestPatience);
    else this.#unasked -= 1;
  }
}

/**
 * One fsync for all writes of a short window. Each is all or nothing by itself, in a savepoint, and nobody hears of any of them,
 * not even of a refusal, before the commit is durable. The window is in time, not in turns of the loop: a TLS handshake fills a
 * turn, so that turns group nothing.
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  #waiting: Waiting[] = [];
  /** Keeps the next group from starting by itself; undefined when nobody waits. */
  #cancel: (() => void) | undefined;
  #running: Promise<void> = Promise.resolve();
  #patience = new Patience();
  #waited = false;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  /** A write that comes to false is taken back. */
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

  /** Writes of one turn are a group in any case. */
  #schedule(): () => void {
    this.#waited = this.#patience.waits;
    if (!this.#waited) {
      const next = setImmediate(() => this.#start());
      return () => clearImmediate(next);
    }
    const timer = setTimeout(() => this.#start(), this.#options.windowMilliseconds);
    return () => clearTimeout(timer);
  }

  /** Resolves when nothing waits any more. */
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

  /** Without a pause: what is read in between would be read on the same connection, before it is committed. */
  #commitGroup(group: readonly Waiting[]): void {
    const { runner } = this.#options;
    const failed = new Map<Waiting, unknown>();
    try {
      runner.command("begin immediate");
      for (const waiting of group) this.#attempt(waiting, failed);
      runner.command("commit");
    } catch (error) {
      this.#takeBack();
      for (const { reject } of group) reject(toError(error));
      return;
    }
    for (const waiting of group) {
      if (failed.has(waiting)) waiting.reject(toError(failed.get(waiting)));
      else waiting.resolve();
    }
  }

  /** Throws when the whole transaction is lost with it, as on a full disk: then there is no savepoint to go back to. */
  #attempt(waiting: Waiting, failed: Map<Waiting, unknown>): void {
    const { runner } = this.#options;
    runner.command("savepoint one_write");
    let applies = false;
    try {
      applies = waiting.attempt();
    } catch (error) {
      failed.set(waiting, error);
    }
    if (!applies) this.#takeBackOne(failed.get(waiting));
    runner.command("release savepoint one_write");
  }

  #takeBackOne(reason: unknown): void {
    try {
      this.#options.runner.command("rollback to savepoint one_write");
    } catch (lost) {
      throw reason ?? lost;
    }
  }

  #takeBack(): void {
    try {
      this.#options.runner.command("rollback");
    } catch {
      // SQLite took it back by itself; what it failed with is told.
    }
  }
}
