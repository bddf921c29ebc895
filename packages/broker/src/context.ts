import type { BrokerLog, BrokerOptions, BrokerTimes } from "./broker-types.js";
import type { Connections } from "./connections.js";

/** The context of every part of the broker. */
export interface BrokerContext extends Omit<BrokerOptions, "log" | "times"> {
  readonly log: BrokerLog;
  readonly times: BrokerTimes;
  readonly connections: Connections;
}
