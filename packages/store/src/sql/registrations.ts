import type { Assignment, PageRequest, RegistrationRecord, Removal } from "@rollcall/engine";
import { idKey } from "@rollcall/protocol";
import { putIdentity, putTwin, removeOwnDevice, tellTaken } from "./devices.js";
import { lockEnrollment } from "./enrollments.js";
import { removeModules } from "./modules.js";
import {
  type RegistrationContent,
  type RegistrationKey,
  registration,
  registrationPage,
  registrationPageOf,
  registrationVersions,
} from "./registration-statements.js";
import { hasVersion, putVersion, removeVersion } from "./versions.js";
import { insert, recordOf, recordsOf, type Work } from "./work.js";

const keyOf = (registrationId: string): RegistrationKey => ({ registration_key: idKey(registrationId) });

const contentOf = (record: RegistrationRecord): RegistrationContent => ({
  enrollment_kind: record.enrollment.kind,
  enrollment_key: idKey(record.enrollment.id),
  etag: record.etag,
  record: JSON.stringify(record),
});

export const getRegistration = (registrationId: string): Work<RegistrationRecord | undefined> =>
  recordOf(registration, keyOf(registrationId));

export function listRegistrations(
  { after = "", limit }: PageRequest,
  enrollment: RegistrationRecord["enrollment"] | undefined,
): Work<readonly RegistrationRecord[]> {
  if (!enrollment) return recordsOf(registrationPage, { after, limit });
  const of = { enrollment_kind: enrollment.kind, enrollment_key: idKey(enrollment.id) };
  return recordsOf(registrationPageOf, { ...of, after, limit });
}

export const removeRegistration = (registrationId: string, expected: string | undefined): Work<Removal> =>
  removeVersion(registrationVersions, keyOf(registrationId), expected);

/** Writes the records, and replaces those with the same ids. No two records may have the same id. */
export function* restoreRegistrations(records: readonly RegistrationRecord[]): Work<void> {
  const rows = records.map((record) => ({ ...keyOf(record.registrationId), ...contentOf(record) }));
  yield* insert("registrations", rows);
}

export const hasRegistration = (record: RegistrationRecord): Work<boolean> =>
  hasVersion(registrationVersions, keyOf(record.registrationId), record.etag);

/**
 * The order of the locks matters. The enrollment's row comes first, as it does when the enrollment is deleted. Then
 * comes the registration's row, for which two registrations of one device wait.
 */
export function* saveAssignment(assignment: Assignment): Work<boolean> {
  const { registration: record, identity, twin, removed, replaces, renews, expectedEtag, enrollmentEtag } = assignment;
  if (!(yield* lockEnrollment(record.enrollment, enrollmentEtag))) return false;
  const key = keyOf(record.registrationId);
  const expected = expectedEtag === undefined ? "absent" : { etag: expectedEtag };
  if (!(yield* putVersion(registrationVersions, { key, content: contentOf(record), expected }))) return false;
  if (removed) yield* removeOwnDevice(removed, key.registration_key);
  const owner = key.registration_key;
  if (identity && !(yield* putIdentity(identity, { owner, replaced: idKey(replaces ?? owner) }))) return false;
  if (identity && replaces !== undefined) yield* removeModules(identity);
  if (identity && (replaces !== undefined || renews)) yield* tellTaken(identity);
  if (twin) yield* putTwin(twin);
  return true;
}
