import type { Clock, Hubs, Random } from "../records/ports.js";
import type { Store } from "../records/store.js";

/** What the operator's half is made of. */
export interface OperatorContext {
  readonly store: Store;
  readonly hubs: Hubs;
  readonly clock: Clock;
  readonly random: Random;
  /** 32 bytes or more; the same on every node of a cluster, so that each continues what another began. */
  readonly clusterSecret: Uint8Array;
}

/**
 * How often a write is tried again that another one overtook. Of all that write one record at once, one gets through each time,
 * and whoever asked for no etag expects to get through.
 */
export const TRIES = 64;
