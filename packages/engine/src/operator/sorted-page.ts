import { setImmediate } from "node:timers/promises";
import { DpsError, type EnrollmentGroup, type IndividualEnrollment } from "@rollcall/protocol";
import type { EnrollmentRecord } from "../records/records.js";
import type { Cursor } from "./continuation.js";
import { compareValues, sortValue } from "./query-match.js";
import type { Literal, Query } from "./query-parser.js";
import { isWanted, type QueryPage, type QueryRun, reader, slowMembers } from "./query-run.js";

/**
 * Maximal number of enrollments that can be sorted: every page looks at all of them, and keeps only its own entries.
 */
const SORTED = 50_000;
const CHUNK = 500;

interface Entry<R> {
  readonly record: R;
  readonly key: string;
  readonly value: Literal;
}

/** A page in the order of a member; enrollments with the same value are in the order of their ids. */
export async function sortedPage<R extends EnrollmentRecord, E extends IndividualEnrollment | EnrollmentGroup>(
  run: QueryRun<R, E>,
  orderBy: NonNullable<Query["orderBy"]>,
): Promise<QueryPage<R>> {
  const { limit, after } = run;
  const order = comparison(orderBy.descending);
  const first = new FirstFew<Entry<R>>(limit + 1, order);
  for await (const record of everyRecord(run)) {
    if (!(await isWanted(record, run))) continue;
    const key = run.collection.keyOf(record);
    const entry = { record, key, value: await sortedBy(record, orderBy.member, run) };
    if (!after || order(entry, after) > 0) first.offer(entry);
  }
  const page = first.values.slice(0, limit);
  const end = page.at(-1);
  const more = first.values.length > limit && end !== undefined;
  return { records: page.map((entry) => entry.record), ...(more && { next: { key: end.key, value: end.value } }) };
}

/** All enrollments, read in chunks. Throws a 400 when there are too many. */
async function* everyRecord<R extends EnrollmentRecord, E extends IndividualEnrollment | EnrollmentGroup>({
  collection,
  context,
}: QueryRun<R, E>): AsyncGenerator<R> {
  let last: string | undefined;
  for (let walked = 0; ; walked += CHUNK) {
    const chunk = await collection.page(context.store, { limit: CHUNK, ...(last !== undefined && { after: last }) });
    if (chunk.length > 0 && walked >= SORTED) {
      throw new DpsError(
        "badRequest",
        `There are more than ${SORTED} enrollments: they can only be sorted by id, ascending.`,
        { info: { path: "query" } },
      );
    }
    yield* chunk;
    const end = chunk.at(-1);
    if (chunk.length < CHUNK || end === undefined) return;
    last = collection.keyOf(end);
    await setImmediate();
  }
}

async function sortedBy<R extends EnrollmentRecord, E extends IndividualEnrollment | EnrollmentGroup>(
  record: R,
  member: readonly string[],
  { collection, context }: QueryRun<R, E>,
): Promise<Literal> {
  const asks = { registration: member[0] === "registrationState", certificates: slowMembers.includes(member[1] ?? "") };
  return sortValue(await reader(record, asks, context), member, collection.kind);
}

type Order = (a: Pick<Cursor, "key" | "value">, b: Pick<Cursor, "key" | "value">) => number;

function comparison(descending: boolean): Order {
  return (a, b) => {
    const values = compareValues(a.value ?? null, b.value ?? null);
    if (values !== 0) return descending ? -values : values;
    if (a.key === b.key) return 0;
    return a.key < b.key ? -1 : 1;
  };
}

/** Keeps the first few of all values that it is offered, in order. */
class FirstFew<T> {
  readonly values: T[] = [];
  readonly #limit: number;
  readonly #order: (a: T, b: T) => number;

  constructor(limit: number, order: (a: T, b: T) => number) {
    this.#limit = limit;
    this.#order = order;
  }

  offer(value: T): void {
    const last = this.values.at(-1);
    if (this.values.length >= this.#limit && last !== undefined && this.#order(value, last) >= 0) return;
    let low = 0;
    let high = this.values.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const there = this.values[middle];
      if (there !== undefined && this.#order(there, value) <= 0) low = middle + 1;
      else high = middle;
    }
    this.values.splice(low, 0, value);
    if (this.values.length > this.#limit) this.values.pop();
  }
}
