import type { StoreRecords } from "@rollcall/engine";
import { idKey } from "@rollcall/protocol";
import { restoreCaCertificates } from "./ca-certificates.js";
import { restoreDevices } from "./devices.js";
import { restoreEnrollments } from "./enrollments.js";
import { restoreRegistrations } from "./registrations.js";
import { tellOthers, type Work } from "./work.js";

/** The last one of each key, by key: what is written in the order of an index is written fastest, and locks in one order. */
function byKey<T>(records: readonly T[] | undefined, keyOf: (record: T) => string): readonly T[] {
  const last = new Map((records ?? []).map((record) => [keyOf(record), record]));
  return [...last].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, record]) => record);
}

const placeOf = ({ hub, deviceId }: { readonly hub: string; readonly deviceId: string }) =>
  `${hub.toLowerCase()}\n${deviceId}`;

/** Records that make the tables others than they were. */
const many = 1000;
const atHubs = ["device_identities", "twins"] as const;

export function* restore(records: StoreRecords): Work<true> {
  yield* restoreCaCertificates(byKey(records.certificates, ({ name }) => idKey(name)));
  const individuals = byKey(records.individuals, ({ registrationId }) => idKey(registrationId));
  yield* restoreEnrollments("individual", individuals);
  const groups = byKey(records.groups, ({ enrollmentGroupId }) => idKey(enrollmentGroupId));
  yield* restoreEnrollments("group", groups);
  yield* restoreRegistrations(byKey(records.registrations, ({ registrationId }) => idKey(registrationId)));
  yield* restoreDevices(byKey(records.identities, placeOf), byKey(records.twins, placeOf));
  const size = Object.values(records).reduce((sum, each) => sum + each.length, 0);
  // The server does so by itself, within a minute; until then every look-up would walk through all that came.
  if (size >= many) yield (statements) => statements.count(["enrollments", "look_ups", "registrations", ...atHubs]);
  if ((records.identities?.length ?? 0) + (records.twins?.length ?? 0) > 0) yield* tellOthers({ kind: "missed" });
  return true;
}
