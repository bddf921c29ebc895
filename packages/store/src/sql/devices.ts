import type { DeviceFilter } from "@rollcall/engine";
import {
  type DeviceAndSession,
  type DeviceChange,
  type DeviceIdentity,
  type HubSession,
  idKey,
  type SessionChange,
  type Twin,
} from "@rollcall/protocol";
import {
  claimIdentity,
  devicePages,
  hubKeys,
  identity,
  identityAndSession,
  type PlaceKey,
  removeIdentity,
  removeIdentityOf,
  removeTwin,
  replaceSession,
  replaceTwin,
  twin,
} from "./device-statements.js";
import { removeModules } from "./modules.js";
import { pageOf } from "./versions.js";
import { changesOf, insert, read, recordOf, rowsOf, tellOthers, type Work } from "./work.js";

interface DevicePlace {
  readonly hub: string;
  readonly deviceId: string;
}

/** Hub names are case-insensitive; device ids are case-sensitive (wire.md#hub-name). */
export const hubKey = (hub: string): string => hub.toLowerCase();
const placeOf = ({ hub, deviceId }: DevicePlace): PlaceKey => ({ hub_key: hubKey(hub), device_id: deviceId });

const changeOf = (kind: "taken" | "desired", { hub, deviceId }: DevicePlace): DeviceChange => ({ kind, hub, deviceId });

/** Tells the other processes, since the device that had this place at the hub may be connected to one of them. */
export const tellTaken = (place: DevicePlace): Work<void> => tellOthers(changeOf("taken", place));

const identityRow = (record: DeviceIdentity) => ({
  ...placeOf(record),
  registration_key: idKey(record.registrationId),
  record: JSON.stringify(record),
});
const twinRow = (record: Twin) => ({ ...placeOf(record), etag: record.etag, record: JSON.stringify(record) });

export const getIdentity = (place: DevicePlace): Work<DeviceIdentity | undefined> => recordOf(identity, placeOf(place));
/** Written from the same members in the same order always: sessions are compared as text. */
const sessionText = (session: HubSession | undefined): string => {
  if (!session) return "";
  const subscriptions = session.subscriptions.map(({ filter, qos }) => ({ filter, qos }));
  return JSON.stringify({ id: session.id, subscriptions });
};

export function* getIdentityAndSession(place: DevicePlace): Work<DeviceAndSession | undefined> {
  const [row] = yield* rowsOf(identityAndSession, placeOf(place));
  if (!row) return undefined;
  // A cast: only this store writes the column.
  const session = row.session === "" ? undefined : (JSON.parse(row.session) as HubSession);
  return { identity: read<DeviceIdentity>(row), ...(session && { session }) };
}

/** False when the stored session is different from `expected`, or the device does not exist. */
export function* putSession(place: DevicePlace, { expected, next }: SessionChange): Work<boolean> {
  const values = { ...placeOf(place), expected: sessionText(expected), session: sessionText(next) };
  return (yield* changesOf(replaceSession, values)) > 0;
}

export const getTwin = (place: DevicePlace): Work<Twin | undefined> => recordOf(twin, placeOf(place));

/** Writes the identity. False when its place at the hub belongs to a registration other than these two. */
export function* putIdentity(
  record: DeviceIdentity,
  owners: { readonly owner: string; readonly replaced: string },
): Work<boolean> {
  return (yield* changesOf(claimIdentity, { ...identityRow(record), ...owners })) > 0;
}

export const putTwin = (record: Twin): Work<number> => insert("twins", [twinRow(record)]);

export function* updateTwin(record: Twin, expected: string, changed?: "desired" | "reported"): Work<boolean> {
  if ((yield* changesOf(replaceTwin, { ...twinRow(record), expected })) === 0) return false;
  if (changed === "desired") yield* tellOthers(changeOf("desired", record));
  return true;
}

/** Removes the device, unless it belongs to another registration by now. */
export function* removeOwnDevice(place: DevicePlace, owner: string): Work<void> {
  const key = placeOf(place);
  if ((yield* changesOf(removeIdentityOf, { ...key, owner })) === 0) return;
  yield* changesOf(removeTwin, key);
  yield* removeModules(place);
  yield* tellTaken(place);
}

export function* removeDevice(place: DevicePlace): Work<boolean> {
  const key = placeOf(place);
  if ((yield* changesOf(removeIdentity, key)) === 0) return false;
  yield* changesOf(removeTwin, key);
  yield* removeModules(place);
  yield* tellTaken(place);
  return true;
}

export const listDevices = (hub: string, filter: DeviceFilter): Work<readonly DeviceIdentity[]> =>
  pageOf(
    devicePages,
    { hub_key: hubKey(hub) },
    { after: filter.afterDeviceId, limit: filter.limit, part: filter.search?.toLowerCase() ?? "" },
  );

export function* hubsWithDevices(): Work<readonly string[]> {
  return (yield* rowsOf(hubKeys, {})).flatMap((row) => row.hub_key ?? []);
}

/** Writes the records, and replaces those at the same places. No two records of a kind may have the same place. */
export function* restoreDevices(identities: readonly DeviceIdentity[], twins: readonly Twin[]): Work<void> {
  // A session is not exported; one that is there may be of a device that is replaced.
  const rows = identities.map((record) => ({ ...identityRow(record), session: "" }));
  yield* insert("device_identities", rows);
  yield* insert("twins", twins.map(twinRow));
}
