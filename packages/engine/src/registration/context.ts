import type { CertificateCache } from "@rollcall/pki";
import type { Allocator } from "../allocation/allocator.js";
import type { ConnectionProofs } from "../attestation/judging/connection-proofs.js";
import type { CountWork } from "../attestation/judging/work-budget.js";
import type { Challenges } from "../attestation/tpm/challenges.js";
import type { ServiceAllocationPolicy } from "../records/allocation-policy.js";
import type { Clock, Hubs, Random } from "../records/ports.js";
import type { Assignment } from "../records/records.js";
import type { Store } from "../records/store.js";
import type { SimultaneousRegistrations } from "./simultaneous-registrations.js";
import type { Throttled } from "./throttle.js";

/** The options of an engine. */
export interface EngineOptions {
  readonly idScope: string;
  readonly store: Store;
  readonly hubs: Hubs;
  /** Calls the webhooks of allocation `custom`. */
  readonly allocator: Allocator;
  /** The policy of enrollments that state no policy; absent: hashed. */
  readonly allocationPolicy?: ServiceAllocationPolicy | undefined;
  readonly clock: Clock;
  readonly random: Random;
  /** 32 bytes or more; the same on every node of a cluster. */
  readonly clusterSecret: Uint8Array;
  /** Whole seconds that a device has to wait before it polls. */
  readonly retryAfterSeconds: number;
  /** Milliseconds that an operation stays `assigning`; 0: the first poll is `assigned`. */
  readonly assigningForMs: number;
  /** Absent: unlimited. */
  readonly registrationsPerMinute?: number | undefined;
  /** Refuses an api-version newer than the known versions. Default: false, it is served with a warning. */
  readonly knownVersionsOnly?: boolean | undefined;
  /**
   * Follows the HTTPS how-to of 2025: a chain-issued leaf of an individual enrollment needs an uploaded, verified CA.
   * Default: false.
   */
  readonly strictX509?: boolean | undefined;
  /** Hears of the work that is done on the certificates of devices. */
  readonly onCertificateWork?: CountWork;
  /**
   * Called when a saved registration took a place at a hub away from who had it ("removed": the device moved, or another one has its
   * id by now), or has another certificate there than before ("renewed"). The reply waits for it.
   */
  readonly onRemoved?: (place: HubPlace, reason: "removed" | "renewed") => Promise<void>;
}

/** A device id at a hub. */
export type HubPlace = NonNullable<Assignment["removed"]>;

/** The engine's parts, which its operations share. */
export interface EngineContext {
  readonly options: EngineOptions;
  readonly store: Store;
  readonly hubs: Hubs;
  readonly clock: Clock;
  readonly random: Random;
  readonly certificates: CertificateCache;
  readonly proofs: ConnectionProofs;
  readonly challenges: Challenges;
  readonly simultaneousRegistrations: SimultaneousRegistrations;
  readonly throttle: () => Throttled | undefined;
  /**
   * True if the budget allows work of this cost for explaining a refusal; false when the second's budget is used up.
   */
  readonly mayExplain: (cost: number) => boolean;
  readonly uuid: () => string;
  /** base64 of a quoted opaque text, the service's form of an etag (wire.md#etags). */
  readonly etag: () => string;
}
