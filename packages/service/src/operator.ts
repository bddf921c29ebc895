import { type Authorize, type OperatorParts, sasAuthorizer } from "@rollcall/api";
import type { Broker } from "@rollcall/broker";
import {
  type Clock,
  createCertificateOperator,
  createOperator,
  type Operator,
  type Random,
  type Store,
} from "@rollcall/engine";
import type { Hub } from "@rollcall/hub";
import type { LinkedHub } from "@rollcall/protocol";
import type { Config } from "./config/config-schema.js";
import { accessPolicies } from "./config/policies.js";
import { servedHosts } from "./listen/addresses.js";
import type { Location } from "./location/location.js";
import type { Log } from "./log.js";

/** The parts that the operator's half of the service needs. */
interface Parts {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
  readonly location: Location;
  readonly hubs: readonly LinkedHub[];
  readonly store: Store;
  readonly log: Log;
}

/** The operator's half of the service, and who may use it over HTTPS. */
export function createServiceApi(parts: Parts): { readonly operator: Operator; readonly authorize: Authorize } {
  const { config, clock, random, location, hubs, store, log } = parts;
  const { policyKey, clusterSecret } = location.secrets;
  const policies = accessPolicies(config.policies, policyKey).map(({ primaryKey, secondaryKey, ...policy }) => ({
    ...policy,
    keys: [Buffer.from(primaryKey, "base64"), Buffer.from(secondaryKey, "base64")],
  }));
  const operator = createOperator({
    store,
    hubs: { linked: () => hubs },
    clock,
    random,
    clusterSecret: Buffer.from(clusterSecret, "base64"),
    allocationPolicy: config.allocationPolicy,
    queries: config.queries,
    onIgnoredQuery: ({ title, query, remedy }) => log.warn({ query, remedy }, title),
  });
  return { operator, authorize: sasAuthorizer({ policies, hosts: servedHosts(config, hubs), clock }) };
}

/** The parts of the operators' API on the dashboard listener, besides the service API. */
export function operatorParts(
  { config, clock, random, hubs, location, store }: Parts,
  { hub, broker }: { readonly hub: Hub; readonly broker: Broker },
): OperatorParts {
  return {
    certificates: createCertificateOperator({ store, clock, random }),
    store,
    hub,
    hubs: { linked: () => hubs },
    idScope: config.idScope,
    random,
    spoolDirectory: location.path,
    isConnected: (device) => broker.isConnected(device),
  };
}
