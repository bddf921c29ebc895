import type { AttemptLog, Clock, Random, SeedCount, Store } from "@rollcall/engine";
import type { Hub } from "@rollcall/hub";
import type { SeedInput, ServiceInfo } from "@rollcall/protocol";
import type { ConfigInput } from "./config/config-schema.js";

/**
 * Settings of a service in this process: those of rollcall.yaml, with different defaults (in memory, any free ports,
 * silent).
 */
export interface RollcallOptions extends Omit<ConfigInput, "seed"> {
  /** Enrollments: a file, a folder of files, or the value itself. */
  readonly seed?: string | SeedInput | undefined;
  /**
   * Replaces the cluster's CA and keys by this node's. Only for nodes that share a store; use it once, when all nodes
   * are stopped.
   */
  readonly replaceClusterKeys?: boolean | undefined;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** The facts needed to use a running service, as `rollcall info` prints them. */
export type RollcallInfo = ServiceInfo;

/** Counts of the objects that are open or kept right now. */
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
  /** Sent to the management API as `Authorization: Bearer {token}`. */
  readonly managementToken: string;
  /** The folder of the service: the given one, or a private folder that is removed on stop. */
  readonly location: string;
  /** Notices for the user who started the service, one line each. */
  readonly notices: readonly string[];
  /** How many enrollments the seed added, and how many existed already. */
  readonly seeded: SeedCount;
  readonly attempts: AttemptLog;
  readonly store: Store;
  readonly hub: Hub;
  /** Settles when the service has stopped, for whatever reason. */
  readonly stopped: Promise<void>;
  stats(): RollcallStats;
  /** Ends every connection and frees everything, within a few seconds. */
  stop(): Promise<void>;
}
