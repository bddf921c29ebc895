import { reading } from "./statement.js";
import { rowsOf, type Work } from "./work.js";

/** The row with the schema's version: it is always there, and one write holds it at a time. */
const turn = reading<Record<never, never>>().as(({ database, spelling }) =>
  database
    .selectFrom("rollcall_schema")
    .select("version")
    .where("name", "=", "schema")
    .$if(spelling.isShared, (query) => query.forUpdate()),
);

/**
 * Writes what is counted, and is one of at most `atMost` then; false when it is not. Whoever else writes such a thing waits: two
 * that count before either is committed would both be the last. Without a limit nobody waits.
 */
export function* putOneOf(
  atMost: number | undefined,
  { put, count }: { readonly put: Work<boolean>; readonly count: Work<number> },
): Work<boolean> {
  if (atMost === undefined) return yield* put;
  yield* rowsOf(turn, {});
  return (yield* put) && (yield* count) <= atMost;
}
