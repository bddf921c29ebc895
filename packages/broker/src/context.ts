import type { BrokerLog, BrokerOptions, BrokerTimes } from "./broker-types.js";
import type { Connections } from "./connections.js";

/** What every part of the broker works with. */
export interface BrokerContext extends Omit<BrokerOptions, "log" | "times"> {
  readonly log: BrokerLog;
  readonly times: BrokerTimes;
  readonly connections: Connections;
}
