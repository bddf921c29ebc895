import type { CertificateOperator, Hubs, Random, Store } from "@rollcall/engine";
import type { Hub, HubDevice } from "@rollcall/hub";

/** The parts that the operators' routes need. */
export interface OperatorParts {
  readonly certificates: CertificateOperator;
  readonly store: Store;
  readonly hub: Hub;
  readonly hubs: Hubs;
  readonly idScope: string;
  readonly random: Random;
  /** The folder for the upload of an import while it is read: private, since uploads may contain keys. */
  readonly spoolDirectory: string;
  isConnected(device: HubDevice): boolean;
}
