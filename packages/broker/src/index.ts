export { createBroker } from "./broker.js";
export type { Broker, BrokerLog, BrokerOptions, BrokerStats, BrokerTimes } from "./broker-types.js";
