import { reading } from "./statement.js";
import { rowsOf, type Work } from "./work.js";

/**
 * Reads and locks the row with the schema's version. That row always exists, so it serves as the lock of all limited
 * writes.
 */
const turn = reading<Record<never, never>>().as(({ database, spelling }) =>
  database
    .selectFrom("rollcall_schema")
    .select("version")
    .where("name", "=", "schema")
    .$if(spelling.isShared, (query) => query.forUpdate()),
);

/**
 * Writes a record, then counts the records of its kind. False when there are more than `atMost`, so that the write is
 * rolled back. Limited writes wait for each other: two that count before either commits could both get the last place.
 * Without a limit, no write waits.
 */
export function* putOneOf(
  atMost: number | undefined,
  { put, count }: { readonly put: Work<boolean>; readonly count: Work<number> },
): Work<boolean> {
  if (atMost === undefined) return yield* put;
  yield* rowsOf(turn, {});
  return (yield* put) && (yield* count) <= atMost;
}
