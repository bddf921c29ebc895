import {
  type EnrollmentGroup,
  type EnrollmentKind,
  enrollmentGroupSchema,
  type IndividualEnrollment,
  idKey,
  individualEnrollmentSchema,
} from "@rollcall/protocol";
import { groupRecord, individualRecord, type RecordContext } from "../enrollments/enrollment-record.js";
import { groupLimit } from "../enrollments/group-quota.js";
import type { EnrollmentRecord, GroupRecord, IndividualRecord } from "../records/records.js";
import type { EnrollmentFilter, Expected, Removal, Store } from "../records/store.js";
import { readBody } from "./read-body.js";

/** One kind of enrollment: how it is stored and read. */
export interface Collection<R extends EnrollmentRecord, E extends IndividualEnrollment | EnrollmentGroup> {
  readonly kind: EnrollmentKind;
  readonly notFound: "enrollmentNotFound" | "enrollmentGroupNotFound";
  readonly exists: "alreadyExists" | "groupAlreadyExists";
  /** Throws a 400. */
  read(body: unknown): E;
  idOf(enrollment: E): string;
  keyOf(record: R): string;
  /** Throws EnrollmentError. */
  record(enrollment: E, context: RecordContext, existing: R | undefined): R;
  get(store: Store, id: string): Promise<R | undefined>;
  /** `existing` is the record to replace. */
  put(store: Store, record: R, existing: R | undefined): Promise<boolean>;
  remove(store: Store, id: string, expectedEtag: string | undefined): Promise<Removal>;
  page(store: Store, filter: EnrollmentFilter): Promise<readonly R[]>;
}

const over = (existing: EnrollmentRecord | undefined): Expected => (existing ? { etag: existing.etag } : "absent");

export const individuals: Collection<IndividualRecord, IndividualEnrollment> = {
  kind: "individual",
  notFound: "enrollmentNotFound",
  exists: "alreadyExists",
  read: (body) => readBody(individualEnrollmentSchema, body),
  idOf: (enrollment) => enrollment.registrationId,
  keyOf: (record) => idKey(record.registrationId),
  record: individualRecord,
  get: (store, id) => store.individualEnrollment(id),
  put: (store, record, existing) => store.putIndividual(record, over(existing)),
  remove: (store, id, expectedEtag) => store.removeIndividual(id, expectedEtag),
  page: (store, filter) => store.individuals(filter),
};

export const groups: Collection<GroupRecord, EnrollmentGroup> = {
  kind: "group",
  notFound: "enrollmentGroupNotFound",
  exists: "groupAlreadyExists",
  read: (body) => readBody(enrollmentGroupSchema, body),
  idOf: (enrollment) => enrollment.enrollmentGroupId,
  keyOf: (record) => idKey(record.enrollmentGroupId),
  record: groupRecord,
  get: (store, id) => store.enrollmentGroup(id),
  put: (store, record, existing) =>
    // An update keeps the kind of attestation, so only a new group can exceed the limit.
    store.putGroup(record, over(existing), existing ? undefined : groupLimit(record)),
  remove: (store, id, expectedEtag) => store.removeGroup(id, expectedEtag),
  page: (store, filter) => store.groups(filter),
};
