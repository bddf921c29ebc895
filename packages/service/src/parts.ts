import type { AttemptLog, Clock, Random } from "@rollcall/engine";
import type { LinkedHub } from "@rollcall/protocol";
import type { Config } from "./config/config-schema.js";
import type { Location } from "./location/location.js";
import type { Log } from "./log.js";
import type { OpenedStore } from "./open-store.js";
import type { Teardown } from "./teardown.js";

/** The values that all parts of the service share. */
export interface Setting {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly location: Location;
  readonly opened: OpenedStore;
  readonly hubs: readonly LinkedHub[];
  readonly attempts: AttemptLog;
  readonly teardown: Teardown;
  readonly notices: string[];
}
