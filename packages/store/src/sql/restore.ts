import type { StoreRecords } from "@rollcall/engine";
import { idKey } from "@rollcall/protocol";
import { restoreCaCertificates } from "./ca-certificates.js";
import { restoreDevices } from "./devices.js";
import { restoreEnrollments } from "./enrollments.js";
import { restoreRegistrations } from "./registrations.js";
import type { TableName } from "./schema.js";
import { tellOthers, type Work } from "./work.js";

/**
 * The last record of each key, sorted by key: writing in the order of the index is fastest, and all nodes lock rows in
 * the same order.
 */
function byKey<T>(records: readonly T[] | undefined, keyOf: (record: T) => string): readonly T[] {
  const last = new Map((records ?? []).map((record) => [keyOf(record), record]));
  return [...last].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, record]) => record);
}

const placeOf = ({ hub, deviceId }: { readonly hub: string; readonly deviceId: string }) =>
  `${hub.toLowerCase()}\n${deviceId}`;

/**
 * Writes records, and replaces existing ones. `grownTables`: tables whose row count has doubled since they were last
 * analysed.
 */
export function* restore(records: StoreRecords, grownTables: readonly TableName[]): Work<true> {
  yield* restoreCaCertificates(byKey(records.certificates, ({ name }) => idKey(name)));
  const individuals = byKey(records.individuals, ({ registrationId }) => idKey(registrationId));
  yield* restoreEnrollments("individual", individuals);
  const groups = byKey(records.groups, ({ enrollmentGroupId }) => idKey(enrollmentGroupId));
  yield* restoreEnrollments("group", groups);
  yield* restoreRegistrations(byKey(records.registrations, ({ registrationId }) => idKey(registrationId)));
  yield* restoreDevices(byKey(records.identities, placeOf), byKey(records.twins, placeOf));
  // The server analyses tables by itself within a minute. Until then every look-up would scan all the new rows.
  if (grownTables.length > 0) yield (statements) => statements.analyze(grownTables);
  if ((records.identities?.length ?? 0) + (records.twins?.length ?? 0) > 0) yield* tellOthers({ kind: "missed" });
  return true;
}
