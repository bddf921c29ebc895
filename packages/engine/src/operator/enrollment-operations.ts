import {
  DpsError,
  type EnrolledMechanism,
  type EnrollmentGroup,
  type IndividualEnrollment,
  idKey,
} from "@rollcall/protocol";
import { authoritiesNamedIn } from "../attestation/attestations.js";
import { namedAuthorities } from "../enrollments/enrollment-record.js";
import { quotaProblem } from "../enrollments/group-quota.js";
import { groupKindOf } from "../records/group-kind.js";
import type { EnrollmentRecord, RegistrationRecord } from "../records/records.js";
import type { Store } from "../records/store.js";
import { checkPrecondition, newEtag } from "../wire/etags.js";
import { attestationMechanism, wireEnrollment } from "../wire/wire-enrollment.js";
import { orBadRequest } from "./bad-request.js";
import { withCertificateLock } from "./certificate-lock.js";
import type { Collection } from "./collections.js";
import { type OperatorContext, TRIES } from "./operator-context.js";
import type { EnrollmentAnswer } from "./operator-types.js";
import { checkAllocation, checkId, checkSameId } from "./read-body.js";

/**
 * The state that a write requires: no record (in bulk, by a PUT without If-Match, or as the precondition
 * If-None-Match), a record, or either.
 */
export type Wanted = "create" | "new" | "absent" | "update" | "either";

/** The operations on one kind of enrollment; they throw DpsError. */
export interface EnrollmentOperations {
  get(id: string): Promise<EnrollmentAnswer>;
  put(
    id: string,
    body: unknown,
    how: { readonly ifMatch?: string | undefined; readonly wanted: Wanted },
  ): Promise<EnrollmentAnswer>;
  remove(id: string, ifMatch?: string): Promise<void>;
  mechanism(id: string): Promise<EnrolledMechanism>;
}

/** Makes the operations of a collection. */
export function enrollmentOperations<R extends EnrollmentRecord, E extends IndividualEnrollment | EnrollmentGroup>(
  collection: Collection<R, E>,
  context: OperatorContext,
): EnrollmentOperations {
  const { store } = context;
  const find = async (id: string) => {
    checkId(collection.kind, id);
    const record = await collection.get(store, id);
    if (!record) throw new DpsError(collection.notFound);
    return record;
  };
  return {
    get: async (id) => presented(await find(id), context),
    put: (id, body, how) => put(collection, { id, body, ...how }, context),
    async remove(id, ifMatch) {
      for (let turn = 0; turn < TRIES; turn++) {
        const record = await find(id);
        checkPrecondition(record, ifMatch);
        const removal = await collection.remove(store, id, ifMatch === undefined ? undefined : record.etag);
        if (removal === "removed") return;
      }
      throw new DpsError("conflict");
    },
    mechanism: async (id) => attestationMechanism((await find(id)).attestation),
  };
}

/** An enrollment in the form of an answer; queries leave the registration out. */
export async function presented(
  record: EnrollmentRecord,
  context: OperatorContext,
  withState = true,
): Promise<EnrollmentAnswer> {
  const { store, clock, allocationPolicy } = context;
  const registration = withState ? await ownRegistration(record, store) : undefined;
  return wireEnrollment(record, { registration, allocationPolicy, now: clock() });
}

/** The registration of an individual enrollment, if its device has registered. */
export async function ownRegistration(record: EnrollmentRecord, store: Store): Promise<RegistrationRecord | undefined> {
  return record.kind === "individual" ? await store.registration(record.registrationId) : undefined;
}

interface Write {
  readonly id: string;
  readonly body: unknown;
  readonly ifMatch?: string | undefined;
  readonly wanted: Wanted;
}

async function put<R extends EnrollmentRecord, E extends IndividualEnrollment | EnrollmentGroup>(
  collection: Collection<R, E>,
  write: Write,
  context: OperatorContext,
): Promise<EnrollmentAnswer> {
  const { store } = context;
  checkId(collection.kind, write.id);
  const enrollment = collection.read(write.body);
  checkSameId(collection.kind, write.id, collection.idOf(enrollment));
  checkAllocation(enrollment, context.hubs.linked());
  return authoritiesNamedIn(enrollment).length > 0
    ? await withCertificateLock(store, () => putRead(collection, { ...write, enrollment }, context))
    : await putRead(collection, { ...write, enrollment }, context);
}

/**
 * Creates or replaces exactly the version that was read, so that of two writers with the same etag only one succeeds.
 */
async function putRead<R extends EnrollmentRecord, E extends IndividualEnrollment | EnrollmentGroup>(
  collection: Collection<R, E>,
  write: Write & { readonly enrollment: E },
  context: OperatorContext,
): Promise<EnrollmentAnswer> {
  const { store, random, clock } = context;
  const { enrollment } = write;
  const authorities = await namedAuthorities(store, enrollment);
  for (let turn = 0; turn < TRIES; turn++) {
    const existing = await collection.get(store, write.id);
    checkWanted(collection, existing, write);
    const now = clock();
    const about = { now, random, authorities, etag: () => newEtag(random) };
    const record = orBadRequest(() => collection.record(enrollment, about, existing));
    if (!existing) await checkQuota(record, store);
    if (!(await collection.put(store, record, existing))) continue;
    return presented(record, context);
  }
  throw new DpsError("conflict", "Other requests are changing the enrollment; try again.");
}

const UPDATE_HINT = "Already exists. A PUT without If-Match creates only: send the etag, or *, to update.";

function checkWanted<R extends EnrollmentRecord, E extends IndividualEnrollment | EnrollmentGroup>(
  collection: Collection<R, E>,
  existing: R | undefined,
  { id, wanted, ifMatch }: Write,
): void {
  if (wanted === "create" && existing) throw new DpsError(collection.exists);
  if (wanted === "new" && existing) throw new DpsError(collection.exists, UPDATE_HINT);
  if (wanted === "absent" && existing) {
    throw new DpsError("preconditionFailed", `An enrollment ${id} already exists.`);
  }
  if (wanted === "update" && !existing) throw new DpsError(collection.notFound);
  checkPrecondition(existing, ifMatch);
}

async function checkQuota(record: EnrollmentRecord, store: Store): Promise<void> {
  if (record.kind === "individual") return;
  const problem = await quotaProblem(store, new Map([[idKey(record.enrollmentGroupId), groupKindOf(record)]]));
  if (problem !== undefined) throw new DpsError("quotaExceeded", `With this group, ${problem}.`);
}
