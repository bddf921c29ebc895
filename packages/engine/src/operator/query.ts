import { setImmediate } from "node:timers/promises";
import {
  DpsError,
  type EnrollmentGroup,
  type EnrollmentKind,
  type IndividualEnrollment,
  idKey,
  querySpecificationSchema,
} from "@rollcall/protocol";
import type { EnrollmentRecord } from "../records/records.js";
import type { Collection } from "./collections.js";
import type { Continuations } from "./continuation.js";
import { presented } from "./enrollment-operations.js";
import type { IgnoredQueries } from "./ignored-queries.js";
import type { OperatorContext } from "./operator-context.js";
import type { EnrollmentAnswer, ListFilter, OperatorList, OperatorPage } from "./operator-types.js";
import { pageLimit } from "./page-limit.js";
import { isId, requiredId } from "./query-match.js";
import { parseQuery, type Query } from "./query-parser.js";
import { isWanted, type QueryPage, type QueryRun } from "./query-run.js";
import { readBody } from "./read-body.js";
import { sortedPage } from "./sorted-page.js";

/**
 * Number of enrollments that one request looks at before it returns the matches with a continuation. Without a match it
 * looks at more: the Python SDK takes an empty page for the last page.
 */
const mostWalked = (hasSomething: boolean) => (hasSomething ? 20_000 : 100_000);
/** Number of enrollments that are read from the store at a time; other requests run in between. */
const CHUNK = 500;

/** The context of queries. */
export interface QueryParts {
  readonly context: OperatorContext;
  readonly continuations: Continuations;
  readonly ignored: IgnoredQueries;
}

/**
 * Runs a QuerySpecification. Pages may be shorter than requested, or empty, and still have a next page. Entries have no
 * `registrationState`: only GET has it (azure-iot-sdk-csharp#3478).
 */
export async function runQuery<R extends EnrollmentRecord, E extends IndividualEnrollment | EnrollmentGroup>(
  collection: Collection<R, E>,
  { body, page }: { readonly body: unknown; readonly page: OperatorPage },
  parts: QueryParts,
): Promise<OperatorList<EnrollmentAnswer>> {
  const text = readBody(querySpecificationSchema, body).query;
  const query = readQuery(collection.kind, text, parts);
  return findEnrollments(collection, { text, query, page, withState: false }, parts);
}

/**
 * Parses a query. The cloud accepts any text and returns everything (azure-iot-sdk-csharp#794, #2188,
 * azure-iot-sdk-node#814). Here, a valid query filters; an invalid query is a 400 if queries are strict, else it
 * returns everything, with a note.
 */
function readQuery(kind: EnrollmentKind, text: string, { context, ignored }: QueryParts): Query {
  try {
    return parseQuery(text, kind);
  } catch (error) {
    if (!(error instanceof DpsError) || context.queries === "strict") throw error;
    ignored.add(kind, text, error);
    return {};
  }
}

interface Asked {
  readonly text: string;
  readonly query: Query;
  readonly page: OperatorPage;
  readonly withState: boolean;
}

async function findEnrollments<R extends EnrollmentRecord, E extends IndividualEnrollment | EnrollmentGroup>(
  collection: Collection<R, E>,
  { text, query, page, withState }: Asked,
  { context, continuations }: QueryParts,
): Promise<OperatorList<EnrollmentAnswer>> {
  const about = `${collection.kind}\n${text}`;
  const after = continuations.read(about, page.after);
  const run = { collection, query, limit: pageLimit(page), after, context };
  const { records, next } = await pageOf(run);
  const items: EnrollmentAnswer[] = [];
  for (const record of records) items.push(await presented(record, context, withState));
  return { items, ...(next && { next: continuations.write(about, next) }) };
}

async function pageOf<R extends EnrollmentRecord, E extends IndividualEnrollment | EnrollmentGroup>(
  run: QueryRun<R, E>,
): Promise<QueryPage<R>> {
  const { collection, query, context } = run;
  const id = requiredId(query.where, collection.kind);
  if (id !== undefined) {
    const record = run.after ? undefined : await collection.get(context.store, id);
    return { records: record && (await isWanted(record, run)) ? [record] : [] };
  }
  const { orderBy } = query;
  const isKeyOrder = !orderBy || (isId(orderBy.member, collection.kind) && !orderBy.descending);
  return isKeyOrder ? await walk(run) : await sortedPage(run, orderBy);
}

/** In the order of keys, which is the order of the store. */
async function walk<R extends EnrollmentRecord, E extends IndividualEnrollment | EnrollmentGroup>(
  run: QueryRun<R, E>,
): Promise<QueryPage<R>> {
  const { collection, query, limit, context } = run;
  const records: R[] = [];
  const size = query.where ? CHUNK : limit + 1;
  let last = run.after?.key;
  const page = (goesOn: boolean) => ({ records, ...(goesOn && last !== undefined && { next: { key: last } }) });
  for (let walked = 0; walked < mostWalked(records.length > 0); walked += size) {
    const chunk = await collection.page(context.store, { limit: size, ...(last !== undefined && { after: last }) });
    for (const record of chunk) {
      if (records.length === limit) return page(true);
      last = collection.keyOf(record);
      if (await isWanted(record, run)) records.push(record);
    }
    if (chunk.length < size) return page(false);
    await setImmediate();
  }
  return page(true);
}

/** For lists that people look at: by a query, which must be valid, or by a part of the id and a status. */
export async function listEnrollments<R extends EnrollmentRecord, E extends IndividualEnrollment | EnrollmentGroup>(
  collection: Collection<R, E>,
  asked: ListFilter & { readonly page: OperatorPage },
  parts: QueryParts,
): Promise<OperatorList<EnrollmentAnswer>> {
  const { context } = parts;
  const { search, status, query: text, page } = asked;
  if (text !== undefined) {
    const query = parseQuery(text, collection.kind);
    return findEnrollments(collection, { text, query, page, withState: true }, parts);
  }
  const limit = pageLimit(page);
  const after = asked.page.after;
  const found = await collection.page(context.store, {
    limit: limit + 1,
    ...(after !== undefined && { after: idKey(after) }),
    ...(search !== undefined && { search }),
    ...(status !== undefined && { status }),
  });
  const shown = found.slice(0, limit);
  const items: EnrollmentAnswer[] = [];
  for (const record of shown) items.push(await presented(record, context));
  const last = shown.at(-1);
  return { items, ...(found.length > limit && last && { next: collection.keyOf(last) }) };
}
