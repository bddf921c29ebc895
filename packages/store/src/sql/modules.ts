import type { Expected, Removal } from "@rollcall/engine";
import { type ModuleIdentity, modulePlace, type Twin } from "@rollcall/protocol";
import { type PlaceKey, removeTwin } from "./device-statements.js";
import {
  lockedIdentity,
  type ModuleContent,
  type ModuleKey,
  module,
  modulesOf,
  moduleVersions,
  removeModulesOf,
} from "./module-statements.js";
import { hasVersion, putVersion, removeVersion } from "./versions.js";
import { changesOf, insert, recordOf, recordsOf, rowsOf, tellOthers, type Work } from "./work.js";

interface DevicePlace {
  readonly hub: string;
  readonly deviceId: string;
}
interface ModuleName extends DevicePlace {
  readonly moduleId: string;
}

/** As `hubKey` in devices.ts, which imports this file. */
const placeOf = ({ hub, deviceId }: DevicePlace): PlaceKey => ({ hub_key: hub.toLowerCase(), device_id: deviceId });
const keyOf = (name: ModuleName): ModuleKey => ({ ...placeOf(name), module_id: name.moduleId });
const contentOf = (record: ModuleIdentity): ModuleContent => ({ etag: record.etag, record: JSON.stringify(record) });
const twinPlace = (name: ModuleName): DevicePlace => ({ hub: name.hub, deviceId: modulePlace(name) });

export const listModules = (place: DevicePlace): Work<readonly ModuleIdentity[]> =>
  recordsOf(modulesOf, placeOf(place));

export const getModule = (name: ModuleName): Work<ModuleIdentity | undefined> => recordOf(module, keyOf(name));

export const hasModule = (record: ModuleIdentity): Work<boolean> =>
  hasVersion(moduleVersions, keyOf(record), record.etag);

/** False when the device is gone, the module is not as expected, or there would be more than `atMost`. */
export function* putModule(
  record: ModuleIdentity,
  { twin, expected, atMost }: { readonly twin?: Twin; readonly expected: Expected; readonly atMost: number },
): Work<boolean> {
  if ((yield* rowsOf(lockedIdentity, placeOf(record))).length === 0) return false;
  const version = { key: keyOf(record), content: contentOf(record), expected };
  if (!(yield* putVersion(moduleVersions, version))) return false;
  if ((yield* listModules(record)).length > atMost) return false;
  if (twin) yield* insert("twins", [{ ...placeOf(twin), etag: twin.etag, record: JSON.stringify(twin) }]);
  return true;
}

export function* removeModule(name: ModuleName, expected: string | undefined): Work<Removal> {
  const removal = yield* removeVersion(moduleVersions, keyOf(name), expected);
  if (removal === "removed") yield* forget(name);
  return removal;
}

/** All modules of a device that goes, or whose place is taken by another one. */
export function* removeModules(place: DevicePlace): Work<void> {
  const modules = yield* listModules(place);
  if (modules.length === 0) return;
  yield* changesOf(removeModulesOf, placeOf(place));
  for (const each of modules) yield* forget(each);
}

function* forget(name: ModuleName): Work<void> {
  const place = twinPlace(name);
  yield* changesOf(removeTwin, placeOf(place));
  yield* tellOthers({ kind: "taken", ...place });
}
