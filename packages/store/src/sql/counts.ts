import type { StoreCounts } from "@rollcall/engine";
import { allCounts, countOfDevices } from "./count-statements.js";
import { hubKey } from "./devices.js";
import { rowsOf, type Work } from "./work.js";

export function* counts(): Work<StoreCounts> {
  const rows = yield* rowsOf(allCounts, {});
  const found = new Map(rows.map(({ what, count }) => [what, Number(count)]));
  return {
    individualEnrollments: found.get("individual") ?? 0,
    enrollmentGroups: found.get("group") ?? 0,
    registrations: found.get("registrations") ?? 0,
    certificates: found.get("ca_certificates") ?? 0,
  };
}

export function* countDevices(hub: string): Work<number> {
  const [row] = yield* rowsOf(countOfDevices, { hub_key: hubKey(hub) });
  return Number(row?.count ?? 0);
}
