import type { SqliteDatabase } from "kysely";
import type { Bound, Statements } from "../sql/statement.js";
import { StoreError } from "../sql/store-error.js";
import type { Answer, Work } from "../sql/work.js";

const none: Answer = { rows: [], changes: 0 };

/**
 * Works on SQLite's one connection, in this thread. Whatever writes does so without a pause from `begin` to `commit`, so that
 * nobody reads what may still be taken back.
 */
export class SqliteRunner {
  readonly #database: SqliteDatabase;
  readonly #statements: Statements;
  #closed = false;

  constructor(database: SqliteDatabase, statements: Statements) {
    this.#database = database;
    this.#statements = statements;
  }

  /** Runs a statement without parameters, such as `begin`. */
  command(text: string): void {
    this.#database.prepare(text).run([]);
  }

  #answer({ text, parameters, returnsRows }: Bound): Answer {
    const statement = this.#database.prepare(text);
    if (returnsRows) return { rows: statement.all(parameters), changes: 0 };
    return { rows: [], changes: Number(statement.run(parameters).changes) };
  }

  #step(bounds: Iterable<Bound>): Answer {
    let last = none;
    let changes = 0;
    for (const bound of bounds) {
      last = this.#answer(bound);
      changes += last.changes;
    }
    return { rows: last.rows, changes };
  }

  /** Without a pause. */
  run<T>(work: Work<T>): T {
    let step = work.next(none);
    while (!step.done) step = work.next(this.#step(step.value(this.#statements)));
    return step.value;
  }

  close(): void {
    this.#closed = true;
    this.#database.close();
  }

  /** With pauses between the steps of what takes long. */
  async read<T>(work: Work<T>): Promise<T> {
    let since = performance.now();
    let step = work.next(none);
    while (!step.done) {
      step = work.next(this.#step(step.value(this.#statements)));
      if (!step.done && performance.now() - since > longestTurn) {
        await new Promise((resolve) => setImmediate(resolve));
        if (this.#closed) throw new StoreError("closed", "while it was read");
        since = performance.now();
      }
    }
    return step.value;
  }
}

/** Milliseconds that a read may hold the thread, as far as its steps allow. */
const longestTurn = 5;
