import { setImmediate } from "node:timers/promises";
import {
  type EnrollmentGroup,
  enrollmentKinds,
  type IndividualEnrollment,
  idKey,
  querySpecificationSchema,
} from "@rollcall/protocol";
import type { EnrollmentRecord } from "../records/ports.js";
import { wireEnrollment } from "../wire/wire-enrollment.js";
import type { Collection } from "./collections.js";
import type { Continuations } from "./continuation.js";
import { ownRegistration } from "./enrollment-operations.js";
import type { OperatorContext } from "./operator-context.js";
import type { EnrollmentAnswer, OperatorList, OperatorPage } from "./operator-types.js";
import { pageLimit } from "./page-limit.js";
import { isId, requiredId } from "./query-match.js";
import { parseQuery } from "./query-parser.js";
import { isWanted, type QueryPage, type QueryRun } from "./query-run.js";
import { readBody } from "./read-body.js";
import { sortedPage } from "./sorted-page.js";

/**
 * Enrollments that one request looks at before it gives what it has and a way to go on. As long as it has nothing, more are
 * looked at: Python's SDK takes an empty page for the last one.
 */
const mostWalked = (hasSomething: boolean) => (hasSomething ? 20_000 : 100_000);
/** Read from the store at once; other requests have their turn in between. */
const CHUNK = 500;

/** Runs a QuerySpecification. Pages may be shorter than asked for, or empty, and go on all the same. */
export async function runQuery<R extends EnrollmentRecord, E extends IndividualEnrollment | EnrollmentGroup>(
  collection: Collection<R, E>,
  asked: { readonly body: unknown; readonly page: OperatorPage },
  { context, continuations }: { context: OperatorContext; continuations: Continuations },
): Promise<OperatorList<EnrollmentAnswer>> {
  const { kind } = collection;
  const text = readBody(querySpecificationSchema, asked.body).query;
  const query = parseQuery(text, enrollmentKinds[kind].collection);
  const about = `${kind}\n${text}`;
  const after = continuations.read(about, asked.page.after);
  const run = { collection, query, limit: pageLimit(asked.page), after, context };
  const { records, next } = await pageOf(run);
  const items: EnrollmentAnswer[] = [];
  for (const record of records) items.push(await present(record, context));
  return { items, ...(next && { next: continuations.write(about, next) }) };
}

/** An enrollment as answers give it. */
async function present(record: EnrollmentRecord, { store, clock }: OperatorContext): Promise<EnrollmentAnswer> {
  return wireEnrollment(record, { registration: await ownRegistration(record, store), now: clock() });
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

/** For lists that people look at: no query, but a part of the id and a status. */
export async function listEnrollments<R extends EnrollmentRecord, E extends IndividualEnrollment | EnrollmentGroup>(
  collection: Collection<R, E>,
  asked: {
    readonly search?: string;
    readonly status?: EnrollmentRecord["provisioningStatus"];
    readonly page: OperatorPage;
  },
  context: OperatorContext,
): Promise<OperatorList<EnrollmentAnswer>> {
  const limit = pageLimit(asked.page);
  const { search, status } = asked;
  const after = asked.page.after;
  const found = await collection.page(context.store, {
    limit: limit + 1,
    ...(after !== undefined && { after: idKey(after) }),
    ...(search !== undefined && { search }),
    ...(status !== undefined && { status }),
  });
  const shown = found.slice(0, limit);
  const items: EnrollmentAnswer[] = [];
  for (const record of shown) items.push(await present(record, context));
  const last = shown.at(-1);
  return { items, ...(found.length > limit && last && { next: collection.keyOf(last) }) };
}
