import type { StoreRecords } from "@rollcall/engine";
import { idKey } from "@rollcall/protocol";
import { restoreCaCertificates } from "./ca-certificates.js";
import { restoreDevices } from "./devices.js";
import { restoreEnrollments } from "./enrollments.js";
import { restoreRegistrations } from "./registrations.js";
import type { TableName } from "./schema.js";
import { tellOthers, type Work } from "./work.js";

/** The last one of each key, by key: what is written in the order of an index is written fastest, and locks in one order. */
function byKey<T>(records: readonly T[] | undefined, keyOf: (record: T) => string): readonly T[] {
  const last = new Map((records ?? []).map((record) => [keyOf(record), record]));
  return [...last].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, record]) => record);
}

const placeOf = ({ hub, deviceId }: { readonly hub: string; readonly deviceId: string }) =>
  `${hub.toLowerCase()}\n${deviceId}`;

/** Puts records over what is there; `grown` are the tables that are others than they were then. */
export function* restore(records: StoreRecords, grown: readonly TableName[]): Work<true> {
  yield* restoreCaCertificates(byKey(records.certificates, ({ name }) => idKey(name)));
  const individuals = byKey(records.individuals, ({ registrationId }) => idKey(registrationId));
  yield* restoreEnrollments("individual", individuals);
  const groups = byKey(records.groups, ({ enrollmentGroupId }) => idKey(enrollmentGroupId));
  yield* restoreEnrollments("group", groups);
  yield* restoreRegistrations(byKey(records.registrations, ({ registrationId }) => idKey(registrationId)));
  yield* restoreDevices(byKey(records.identities, placeOf), byKey(records.twins, placeOf));
  // The server does so by itself, within a minute; until then every look-up would walk through all that came.
  if (grown.length > 0) yield (statements) => statements.count(grown);
  if ((records.identities?.length ?? 0) + (records.twins?.length ?? 0) > 0) yield* tellOthers({ kind: "missed" });
  return true;
}
