import type { IgnoredQuery } from "@rollcall/protocol";
import type { ServiceAllocationPolicy } from "../records/allocation-policy.js";
import type { Clock, Hubs, Random } from "../records/ports.js";
import type { Store } from "../records/store.js";

/** How queries are read. */
export type QueryReading = "lenient" | "strict";

/** What the operator's half is made of. */
export interface OperatorContext {
  readonly store: Store;
  readonly hubs: Hubs;
  readonly clock: Clock;
  readonly random: Random;
  /** 32 bytes or more; the same on every node of a cluster, so that each continues what another began. */
  readonly clusterSecret: Uint8Array;
  /** Of enrollments that name none; absent: hashed. */
  readonly allocationPolicy?: ServiceAllocationPolicy | undefined;
  /** What becomes of a query that is not understood: a 400, or, as in the cloud, everything. Default: lenient. */
  readonly queries?: QueryReading | undefined;
  /** Called once for each text of a query that was answered with everything, for so many texts as are remembered. */
  readonly onIgnoredQuery?: ((ignored: IgnoredQuery) => void) | undefined;
}

/**
 * How often a write is tried again that another one overtook. Of all that write one record at once, one gets through each time,
 * and whoever asked for no etag expects to get through.
 */
export const TRIES = 64;
