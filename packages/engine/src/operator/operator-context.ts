import type { IgnoredQuery } from "@rollcall/protocol";
import type { ServiceAllocationPolicy } from "../records/allocation-policy.js";
import type { Clock, Hubs, Random } from "../records/ports.js";
import type { Store } from "../records/store.js";

/** The treatment of queries that cannot be parsed. */
export type QueryReading = "lenient" | "strict";

/** The parts that the management of enrollments needs. */
export interface OperatorContext {
  readonly store: Store;
  readonly hubs: Hubs;
  readonly clock: Clock;
  readonly random: Random;
  /** 32 bytes or more; the same on every node of a cluster, so that each node can continue a query of another node. */
  readonly clusterSecret: Uint8Array;
  /** The policy of enrollments that name no policy; absent: hashed. */
  readonly allocationPolicy?: ServiceAllocationPolicy | undefined;
  /**
   * A query that cannot be parsed is a 400 (strict) or, as in the cloud, returns everything (lenient). Default:
   * lenient.
   */
  readonly queries?: QueryReading | undefined;
  /** Called once for each text of a query that was answered with everything, as long as the text is remembered. */
  readonly onIgnoredQuery?: ((ignored: IgnoredQuery) => void) | undefined;
}

/**
 * Number of times that a write is tried when another write wins. Of all simultaneous writes of a record, one succeeds
 * each time, and a write without an etag is expected to succeed.
 */
export const TRIES = 64;
