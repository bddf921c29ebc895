import { type Kysely, sql, type Transaction } from "kysely";
import type { Schema } from "./schema.js";
import type { Write } from "./writes.js";

export interface GroupCommitOptions {
  readonly database: Kysely<Schema>;
  readonly idScope: string;
  /** How long the first write of a group waits for company. */
  readonly windowMilliseconds: number;
}

interface Waiting {
  readonly write: Write;
  readonly resolve: (applied: boolean) => void;
  readonly reject: (reason: Error) => void;
}

type Outcome = { readonly applied: boolean } | { readonly error: unknown };

/** SQLite works while it has the thread: a group beyond this would hold up everything else for too long. */
const largestGroup = 200;

const toError = (thrown: unknown) => (thrown instanceof Error ? thrown : new Error(String(thrown)));

/**
 * One fsync for all writes of a short window. Each is all or nothing by itself, in a savepoint, and nobody hears of any of them,
 * not even of a refusal, before the commit is durable. The window is in time, not in turns of the loop: a TLS handshake fills a
 * turn, so that turns group nothing.
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  commit(write: Write): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ write, resolve, reject });
      this.#timer ??= setTimeout(() => this.#start(), this.#options.windowMilliseconds);
    });
  }

  /** Resolves when nothing waits any more. */
  async flush(): Promise<void> {
    if (this.#timer) this.#start();
    await this.#running;
  }

  #start(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const groups = this.#waiting;
    this.#waiting = [];
    this.#running = this.#running.then(async () => {
      for (let at = 0; at < groups.length; at += largestGroup) {
        await this.#commitGroup(groups.slice(at, at + largestGroup));
        if (at + largestGroup < groups.length) await new Promise((resolve) => setImmediate(resolve));
      }
    });
  }

  async #commitGroup(group: readonly Waiting[]): Promise<void> {
    try {
      const outcomes = await this.#options.database.transaction().execute(async (transaction) => {
        const done: { readonly waiting: Waiting; readonly outcome: Outcome }[] = [];
        for (const waiting of group) done.push({ waiting, outcome: await this.#attempt(transaction, waiting.write) });
        return done;
      });
      for (const { waiting, outcome } of outcomes) {
        if ("error" in outcome) waiting.reject(toError(outcome.error));
        else waiting.resolve(outcome.applied);
      }
    } catch (error) {
      for (const { reject } of group) reject(toError(error));
    }
  }

  /** Throws when the whole transaction is lost with it, as on a full disk: then there is no savepoint to go back to. */
  async #attempt(transaction: Transaction<Schema>, write: Write): Promise<Outcome> {
    await sql`savepoint one_write`.execute(transaction);
    let outcome: Outcome;
    try {
      outcome = { applied: await write({ transaction, idScope: this.#options.idScope }) };
    } catch (error) {
      outcome = { error };
    }
    if ("error" in outcome || !outcome.applied) {
      await sql`rollback to savepoint one_write`.execute(transaction).catch((lost: unknown) => {
        throw "error" in outcome ? outcome.error : lost;
      });
    }
    await sql`release savepoint one_write`.execute(transaction);
    return outcome;
  }
}
