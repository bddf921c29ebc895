import type { CertificateOperator, Hubs, Operator, Store } from "@rollcall/engine";
import type { Hub, HubDevice } from "@rollcall/hub";

/** What the routes of operators are made of. */
export interface OperatorParts {
  /** Without it there are no counts and no lists of enrollments. */
  readonly operator?: Pick<Operator, "counts" | "list">;
  readonly certificates: CertificateOperator;
  readonly store: Store;
  readonly hub: Hub;
  readonly hubs: Hubs;
  isConnected(device: HubDevice): boolean;
}
