import type { DeviceChange } from "@rollcall/protocol";
import type { TableName } from "./schema.js";
import type { Bound, Statement, Statements, Values } from "./statement.js";

/**
 * The database's answer to a step: the rows of a reading statement, or the number of rows that a writing statement
 * wrote.
 */
export interface Answer {
  readonly rows: readonly unknown[];
  readonly changes: number;
}

/** The statements of one step. */
type Step = (statements: Statements) => Iterable<Bound>;

/**
 * Work on a database, as a sequence of steps. It is written once, and runs without a pause where the database works in
 * this thread (SQLite), or waits after each step (PostgreSQL).
 */
export type Work<T> = Generator<Step, T, Answer>;

export function* rowsOf<P extends Values, R>(statement: Statement<P, R>, values: P): Work<readonly R[]> {
  const { rows } = yield (statements) => [statements.bind(statement, values)];
  // A cast: the statement was built with rows of this type.
  return rows as readonly R[];
}

export function* changesOf<P extends Values>(statement: Statement<P, unknown>, values: P): Work<number> {
  const { changes } = yield (statements) => [statements.bind(statement, values)];
  return changes;
}

/** Inserts rows. They replace "any" rows with the same keys, or "nothing". Returns how many rows were written. */
export function* insert(
  table: TableName,
  rows: readonly Readonly<Record<string, string>>[],
  over: "any" | "nothing" = "any",
): Work<number> {
  if (rows.length === 0) return 0;
  const { changes } = yield (statements) => statements.insert(table, rows, over);
  return changes;
}

/** Sends a change to the other processes that share the database, once the transaction commits. */
export function* tellOthers(change: DeviceChange): Work<void> {
  yield (statements) => statements.tell(change);
}

export interface WithRecord {
  readonly record: string;
}

// A cast: only this store writes these columns, and only from values of these types.
export const read = <T>({ record }: WithRecord): T => JSON.parse(record) as T;

export function* recordsOf<T, P extends Values>(statement: Statement<P, WithRecord>, values: P): Work<readonly T[]> {
  return (yield* rowsOf(statement, values)).map((row) => read<T>(row));
}

export function* recordOf<T, P extends Values>(statement: Statement<P, WithRecord>, values: P): Work<T | undefined> {
  const [row] = yield* rowsOf(statement, values);
  return row && read<T>(row);
}
