import type { AttemptLog, Clock, Random, SeedCount, Store } from "@rollcall/engine";
import type { Hub } from "@rollcall/hub";
import type { SeedInput, ServiceInfo } from "@rollcall/protocol";
import type { ConfigInput } from "./config/config-schema.js";

/** Settings of a service in this process; those of rollcall.yaml, with other defaults: in memory, any free ports, silent. */
export interface RollcallOptions extends Omit<ConfigInput, "seed"> {
  /** Enrollments: a file, a folder of files, or the value itself. */
  readonly seed?: string | SeedInput | undefined;
  /** Makes this node's CA and keys those of its cluster, which had others. Only where nodes share a store; once, when all are stopped. */
  readonly replaceClusterKeys?: boolean | undefined;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** What somebody needs to use a running service; what `rollcall info` prints. */
export type RollcallInfo = ServiceInfo;

/** What is open or kept right now. */
export interface RollcallStats {
  readonly connections: number;
  readonly sessions: number;
  readonly challengeSessions: number;
  readonly timers: number;
  /** Allocation webhooks that have not answered yet. */
  readonly webhookCalls: number;
  readonly attempts: number;
}

/** A running service. */
export interface Rollcall extends AsyncDisposable {
  readonly info: RollcallInfo;
  /** Goes as `Authorization: Bearer {token}` to the management API. */
  readonly managementToken: string;
  /** The folder of the service: given, or a private one that goes with it. */
  readonly location: string;
  /** What the one who started it ought to read, a line each. */
  readonly notices: readonly string[];
  /** What became of the seed. */
  readonly seeded: SeedCount;
  readonly attempts: AttemptLog;
  readonly store: Store;
  readonly hub: Hub;
  /** Settles when the service has stopped, whoever stopped it. */
  readonly stopped: Promise<void>;
  stats(): RollcallStats;
  /** Ends every connection and frees everything, within a few seconds. */
  stop(): Promise<void>;
}
