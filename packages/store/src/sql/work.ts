import type { DeviceChange } from "@rollcall/protocol";
import type { TableName } from "./schema.js";
import type { Bound, Statement, Statements, Values } from "./statement.js";

/** What the database said to a step: rows of a reading statement, or how many rows a writing one wrote. */
export interface Answer {
  readonly rows: readonly unknown[];
  readonly changes: number;
}

/** One thing to ask of the database. */
type Step = (statements: Statements) => Iterable<Bound>;

/**
 * Something to do with a database, as the steps it takes: written once, and run without a pause where the database works in this
 * thread (SQLite), or with a wait after each step (PostgreSQL).
 */
export type Work<T> = Generator<Step, T, Answer>;

export function* rowsOf<P extends Values, R>(statement: Statement<P, R>, values: P): Work<readonly R[]> {
  const { rows } = yield (statements) => [statements.bind(statement, values)];
  // The statement was compiled from what has this type.
  return rows as readonly R[];
}

export function* changesOf<P extends Values>(statement: Statement<P, unknown>, values: P): Work<number> {
  const { changes } = yield (statements) => [statements.bind(statement, values)];
  return changes;
}

/** Writes rows over what has their keys, or only where nothing is; says how many were written. */
export function* insert(
  table: TableName,
  rows: readonly Readonly<Record<string, string>>[],
  over: "any" | "nothing" = "any",
): Work<number> {
  if (rows.length === 0) return 0;
  const { changes } = yield (statements) => statements.insert(table, rows, over);
  return changes;
}

/** Tells the other processes that share the database, once all of this is committed. */
export function* tellOthers(change: DeviceChange): Work<void> {
  yield (statements) => statements.tell(change);
}

export interface WithRecord {
  readonly record: string;
}

// Only this store writes these columns, and only from values of these types.
export const read = <T>({ record }: WithRecord): T => JSON.parse(record) as T;

export function* recordsOf<T, P extends Values>(statement: Statement<P, WithRecord>, values: P): Work<readonly T[]> {
  return (yield* rowsOf(statement, values)).map((row) => read<T>(row));
}

export function* recordOf<T, P extends Values>(statement: Statement<P, WithRecord>, values: P): Work<T | undefined> {
  const [row] = yield* rowsOf(statement, values);
  return row && read<T>(row);
}
