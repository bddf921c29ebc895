import {
  type EnrollmentFilter,
  type EnrollmentRecord,
  type Expected,
  type GroupRecord,
  groupKindOf,
  type IndividualRecord,
  type RegistrationRecord,
  type Removal,
} from "@rollcall/engine";
import { idKey } from "@rollcall/protocol";
import {
  countByLookUp,
  dropLookUps,
  type EnrollmentContent,
  type EnrollmentKey,
  enrollment,
  enrollmentIds,
  enrollmentPages,
  enrollmentsByLookUp,
  enrollmentVersions,
  lockedEnrollment,
} from "./enrollment-statements.js";
import { lookUpsOf } from "./look-ups.js";
import { putOneOf } from "./quotas.js";
import { dropRegistrationOfIndividual } from "./registration-statements.js";
import type { EnrollmentKind, LookUpKind } from "./schema.js";
import { hasVersion, pageOf, putVersion, removeVersion } from "./versions.js";
import { changesOf, insert, recordOf, recordsOf, rowsOf, type Work } from "./work.js";

interface RecordTypes {
  readonly individual: IndividualRecord;
  readonly group: GroupRecord;
}

const idOf = (record: EnrollmentRecord) =>
  record.kind === "individual" ? record.registrationId : record.enrollmentGroupId;

const keyOf = (record: EnrollmentRecord): EnrollmentKey => ({ kind: record.kind, enrollment_key: idKey(idOf(record)) });

const contentOf = (record: EnrollmentRecord): EnrollmentContent => ({
  enrollment_id: idOf(record),
  provisioning_status: record.provisioningStatus,
  etag: record.etag,
  record: JSON.stringify(record),
});

export const getEnrollment = <K extends EnrollmentKind>(kind: K, id: string): Work<RecordTypes[K] | undefined> =>
  recordOf(enrollment, { kind, enrollment_key: idKey(id) });

export const findEnrollments = <K extends EnrollmentKind>(
  kind: K,
  look_up: LookUpKind,
  values: readonly string[],
): Work<readonly RecordTypes[K][]> => recordsOf(enrollmentsByLookUp, { kind, look_up, values });

export function* enrolledAmong(registrationIds: readonly string[]): Work<readonly string[]> {
  const keys = registrationIds.map(idKey);
  const rows = yield* rowsOf(enrollmentIds, { kind: "individual", keys });
  const found = new Map(rows.map((row) => [row.enrollment_key, row.enrollment_id]));
  return keys.flatMap((key) => found.get(key) ?? []);
}

export function listEnrollments<K extends EnrollmentKind>(
  kind: K,
  filter: EnrollmentFilter,
): Work<readonly RecordTypes[K][]> {
  const { after, limit, search, status } = filter;
  const pages = status === undefined ? enrollmentPages.all : enrollmentPages.ofStatus;
  const request = { after, limit, part: idKey(search ?? "") };
  return pageOf(pages, { kind, status: status ?? "enabled" }, request);
}

export function* putEnrollment(record: EnrollmentRecord, expected: Expected): Work<boolean> {
  const version = { key: keyOf(record), content: contentOf(record), expected };
  if (!(yield* putVersion(enrollmentVersions, version))) return false;
  yield* indexEnrollments(record.kind, [record]);
  return true;
}

/** Writes a group. Returns false when it would be more than `atMost` groups with the same kind of attestation. */
export const putGroup = (record: GroupRecord, expected: Expected, atMost: number | undefined): Work<boolean> =>
  putOneOf(atMost, { put: putEnrollment(record, expected), count: countAlike(record) });

function* countAlike(record: GroupRecord): Work<number> {
  const [row] = yield* rowsOf(countByLookUp, { kind: "group", look_up: "attestation", value: groupKindOf(record) });
  return Number(row?.count ?? 0);
}

export const hasEnrollment = (record: EnrollmentRecord): Work<boolean> =>
  hasVersion(enrollmentVersions, keyOf(record), record.etag);

/**
 * Locks an enrollment against deletion until the transaction ends. True when it is enabled and has this etag. Without
 * an etag, nothing is read or locked.
 */
export function* lockEnrollment(
  { kind, id }: RegistrationRecord["enrollment"],
  etag: string | undefined,
): Work<boolean> {
  if (etag === undefined) return true;
  const [found] = yield* rowsOf(lockedEnrollment, { kind, enrollment_key: idKey(id) });
  return found?.etag === etag && found.provisioning_status === "enabled";
}

function* indexEnrollments(kind: EnrollmentKind, records: readonly EnrollmentRecord[]): Work<void> {
  const keys = records.map((record) => keyOf(record).enrollment_key);
  yield* changesOf(dropLookUps, { kind, keys });
  const rows = records.flatMap((record) => lookUpsOf(record).map((lookUp) => ({ ...lookUp, ...keyOf(record) })));
  yield* insert("look_ups", rows);
}

/** Writes enrollments of one kind, and replaces those with the same ids. No two records may have the same id. */
export function* restoreEnrollments(kind: EnrollmentKind, records: readonly EnrollmentRecord[]): Work<void> {
  const rows = records.map((record) => ({ ...keyOf(record), ...contentOf(record) }));
  yield* insert("enrollments", rows);
  yield* indexEnrollments(kind, records);
}

export function* removeEnrollment(kind: EnrollmentKind, id: string, expected: string | undefined): Work<Removal> {
  const key = { kind, enrollment_key: idKey(id) };
  const removal = yield* removeVersion(enrollmentVersions, key, expected);
  if (removal !== "removed") return removal;
  yield* changesOf(dropLookUps, { kind, keys: [key.enrollment_key] });
  if (kind === "individual") yield* changesOf(dropRegistrationOfIndividual, { registration_key: key.enrollment_key });
  return removal;
}
