import type { Expected, Removal } from "@rollcall/engine";
import type { TableName } from "./schema.js";
import type { Statement, Values } from "./statement.js";
import { changesOf, insert, read, rowsOf, type WithRecord, type Work } from "./work.js";

type Key = Readonly<Record<string, string>>;

/** Rows that have an etag: how one is asked for, replaced and removed. */
export interface Versioned<K extends Key, C extends Key> {
  readonly table: TableName;
  readonly etag: Statement<K, { readonly etag: string }>;
  /** Only over the etag `expected`. */
  readonly replace: Statement<K & C & { readonly expected: string }, unknown>;
  /** Only with the etag `expected`. */
  readonly remove: Statement<K & { readonly expected: string }, unknown>;
}

/** Writes a row when what is there is as expected; false when it is not. */
export function* putVersion<K extends Key, C extends Key>(
  { table, replace }: Versioned<K, C>,
  { key, content, expected }: { readonly key: K; readonly content: C; readonly expected: Expected },
): Work<boolean> {
  if (typeof expected === "object")
    return (yield* changesOf(replace, { ...key, ...content, expected: expected.etag })) > 0;
  return (yield* insert(table, [{ ...key, ...content }], expected === "absent" ? "nothing" : "any")) > 0;
}

/** Whether a row is the version with this etag. */
export function* hasVersion<K extends Key, C extends Key>(
  { etag }: Versioned<K, C>,
  key: K,
  expected: string,
): Work<boolean> {
  const [found] = yield* rowsOf(etag, key);
  return found?.etag === expected;
}

/** Removes exactly the version that was found to be the right one: others may write meanwhile. */
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

/** Rows that a search looks through at once: what holds up others. */
const sliceSize = 5000;
/** Behind every key: ids are ASCII. */
const behindAll = "\uffff";

/** Rows in the order of their keys, a page at a time. */
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
  /** "": all. */
  readonly part: string;
}

/** What is in the middle of a text is in no index: a search goes through the keys in slices, so that others get their turn. */
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
