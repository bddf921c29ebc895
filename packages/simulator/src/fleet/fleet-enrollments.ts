import type { SeedInput } from "@rollcall/protocol";
import type { Fleet } from "./fleet.js";

/** What a service must have enrolled for this fleet: load it with `--seed` or through the service API. */
export function fleetEnrollments(fleet: Fleet): SeedInput {
  throw new Error(`not built yet: ${fleet.name}`);
}
