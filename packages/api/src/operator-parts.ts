import type { CertificateOperator, Hubs, Random, Store } from "@rollcall/engine";
import type { Hub, HubDevice } from "@rollcall/hub";

/** What the routes of operators are made of. */
export interface OperatorParts {
  readonly certificates: CertificateOperator;
  readonly store: Store;
  readonly hub: Hub;
  readonly hubs: Hubs;
  readonly idScope: string;
  readonly random: Random;
  /** Where an import is kept while it is read: private, since it may hold keys. */
  readonly spoolDirectory: string;
  isConnected(device: HubDevice): boolean;
}
