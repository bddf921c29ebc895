import type { Expected, Removal } from "@rollcall/engine";
import type { TableName } from "./schema.js";
import type { Statement, Values } from "./statement.js";
import { changesOf, insert, read, rowsOf, type WithRecord, type Work } from "./work.js";

type Key = Readonly<Record<string, string>>;

/** Statements for a table whose rows have an etag. */
export interface Versioned<K extends Key, C extends Key> {
  readonly table: TableName;
  readonly etag: Statement<K, { readonly etag: string }>;
  /** Replaces the row only if its etag is `expected`. */
  readonly replace: Statement<K & C & { readonly expected: string }, unknown>;
  /** Removes the row only if its etag is `expected`. */
  readonly remove: Statement<K & { readonly expected: string }, unknown>;
}

/** Writes a row if the existing row is as expected; false when it is not. */
export function* putVersion<K extends Key, C extends Key>(
  { table, replace }: Versioned<K, C>,
  { key, content, expected }: { readonly key: K; readonly content: C; readonly expected: Expected },
): Work<boolean> {
  if (typeof expected === "object")
    return (yield* changesOf(replace, { ...key, ...content, expected: expected.etag })) > 0;
  return (yield* insert(table, [{ ...key, ...content }], expected === "absent" ? "nothing" : "any")) > 0;
}

/** Whether the row has this etag. */
export function* hasVersion<K extends Key, C extends Key>(
  { etag }: Versioned<K, C>,
  key: K,
  expected: string,
): Work<boolean> {
  const [found] = yield* rowsOf(etag, key);
  return found?.etag === expected;
}

/** Removes the row with the etag that was just read. If another write came in between, it is read again. */
export function* removeVersion<K extends Key, C extends Key>(
  { etag, remove }: Versioned<K, C>,
  key: K,
  expected: string | undefined,
): Work<Removal> {
  for (;;) {
    const [found] = yield* rowsOf(etag, key);
    if (!found) return "missing";
    if (expected !== undefined && found.etag !== expected) return "changed";
    if ((yield* changesOf(remove, { ...key, expected: found.etag })) > 0) return "removed";
  }
}

/** Rows that a search scans in one step. Nothing else runs meanwhile. */
const sliceSize = 5000;
/** Sorts after every key: ids are ASCII. */
const behindAll = "\uffff";

/** Statements that list rows in the order of their keys, a page at a time. */
export interface Paged<F extends Values> {
  readonly page: Statement<F & { readonly after: string; readonly limit: number }, WithRecord>;
  /** The key of row number `skip` behind `after`. */
  readonly sliceEnd: Statement<F & { readonly after: string; readonly skip: number }, { readonly key: string }>;
  /** Rows behind `after` and up to `end` that have `part` in their key. */
  readonly matches: Statement<
    F & { readonly after: string; readonly end: string; readonly part: string; readonly limit: number },
    WithRecord
  >;
}

interface Request {
  readonly after?: string | undefined;
  readonly limit: number;
  /** Text that a key has to contain; "" matches every key. */
  readonly part: string;
}

/**
 * Reads one page. No index finds text in the middle of a key, so a search scans the keys in slices and lets other work
 * run in between.
 */
export function* pageOf<T, F extends Values>(
  { page, sliceEnd, matches }: Paged<F>,
  filter: F,
  { after = "", limit, part }: Request,
): Work<readonly T[]> {
  if (part === "") return (yield* rowsOf(page, { ...filter, after, limit })).map((row) => read<T>(row));
  const found: T[] = [];
  for (let from = after; found.length < limit; ) {
    const [last] = yield* rowsOf(sliceEnd, { ...filter, after: from, skip: sliceSize - 1 });
    const end = last?.key ?? behindAll;
    const rows = yield* rowsOf(matches, { ...filter, after: from, end, part, limit: limit - found.length });
    found.push(...rows.map((row) => read<T>(row)));
    if (!last) break;
    from = end;
  }
  return found;
}
