import type { SqliteDatabase } from "kysely";
import type { Bound, Statements } from "../sql/statement.js";
import { StoreError } from "../sql/store-error.js";
import type { Answer, Work } from "../sql/work.js";

const noAnswer: Answer = { rows: [], changes: 0 };

/**
 * Runs work on SQLite's one connection, in this thread. A write runs without a pause from `begin` to `commit`, so that
 * no read sees data that may still be rolled back.
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
    let last = noAnswer;
    let changes = 0;
    for (const bound of bounds) {
      last = this.#answer(bound);
      changes += last.changes;
    }
    return { rows: last.rows, changes };
  }

  /** Runs work without a pause. */
  run<T>(work: Work<T>): T {
    let step = work.next(noAnswer);
    while (!step.done) step = work.next(this.#step(step.value(this.#statements)));
    return step.value;
  }

  close(): void {
    this.#closed = true;
    this.#database.close();
  }

  /**
   * Runs work, and pauses between its steps when it takes long. Throws StoreError when the store is closed meanwhile.
   */
  async read<T>(work: Work<T>): Promise<T> {
    let since = performance.now();
    let step = work.next(noAnswer);
    while (!step.done) {
      step = work.next(this.#step(step.value(this.#statements)));
      if (!step.done && performance.now() - since > longestTurn) {
        await new Promise((resolve) => setImmediate(resolve));
        if (this.#closed) throw new StoreError("closed", "it was closed during a read");
        since = performance.now();
      }
    }
    return step.value;
  }
}

/** Milliseconds after which a read pauses at its next step. */
const longestTurn = 5;
