import type { AttemptLog, Clock, Random, SeedCount, Store } from "@rollcall/engine";
import type { Hub } from "@rollcall/hub";
import type { SeedInput } from "@rollcall/protocol";
import type { ConfigInput } from "./config/config-schema.js";
import type { OpenPorts } from "./listen/open-ports.js";
import type { StoreKind } from "./open-store.js";

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

/** The facts that are needed to use a running service. `rollcall info` prints them. */
export interface RollcallInfo {
  readonly idScope: string;
  readonly host: string;
  readonly ports: OpenPorts;
  /** Host of the device SDKs, with the MQTT port when it is not 8883. */
  readonly deviceEndpoint: string;
  /** Host of the service API, with the HTTPS port when it is not 443. */
  readonly serviceEndpoint: string;
  /** Connection string of the owner's policy, with its primary key. */
  readonly connectionString: string;
  /** Connection strings of every shared access policy, the owner's first. */
  readonly policies: readonly { readonly name: string; readonly primary: string; readonly secondary: string }[];
  readonly caPath: string;
  /** SHA-256 of the CA certificate, upper-case hex. */
  readonly caFingerprint: string;
  readonly pid: number;
  readonly hubs: readonly string[];
  /** Where enrollments, registrations and twins are kept; `place` is for people, and holds no password. */
  readonly store: { readonly kind: StoreKind; readonly place: string };
}

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
