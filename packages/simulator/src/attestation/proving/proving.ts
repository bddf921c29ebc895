import type {
  AttestationKind,
  DeviceRegistration,
  DeviceRegistrationResult,
  IndividualEnrollmentInput,
} from "@rollcall/protocol";
import type {
  Fault,
  FleetAttestation,
  FleetCredentials,
  FleetFiles,
  FleetMember,
  FleetSeed,
  GroupAttestation,
} from "./fleet-types.js";
import type { Awaitable, DeviceIdentity } from "./identity.js";

/** A kind that proves itself in two requests, the second with a key that came in the answer to the first. */
export interface TwoRequests<K extends AttestationKind> {
  /** What both register requests say besides the registration id. */
  member(identity: DeviceIdentity<K>): Promise<Partial<DeviceRegistration>>;
  /** base64 of the key for the hub, wrapped, in the result of a registration. */
  hubKey(result: DeviceRegistrationResult): string | undefined;
  /** Takes a wrapped key: the device signs with it from then on. Throws when the key cannot be opened. */
  take(identity: DeviceIdentity<K>, wrapped: Uint8Array): Awaitable<void>;
}

/** What fleets take credentials from. */
export interface FleetSources {
  readonly file: FleetSeed;
  readonly files: FleetFiles;
}

/**
 * How the devices of one kind prove themselves: all that the simulator does differently for it. Its functions are methods,
 * so that one table takes the rows of all kinds: a row is looked up by the very identity or attestation that is then given to it.
 */
export interface Proving<K extends AttestationKind = AttestationKind> {
  /** What is presented in the TLS handshake, PEM; absent where nothing is, so that many devices can share one TLS context. */
  handshake?(identity: DeviceIdentity<K>): { readonly cert: string; readonly key: string };
  /** The signature of a token over resource, line feed and expiry; absent where the handshake is the proof. */
  sign?(identity: DeviceIdentity<K>, resource: string, expiry: string): Awaitable<Uint8Array>;
  readonly twoRequests?: TwoRequests<K>;

  /** True when an enrollment group stands for the devices of a group, false when each has an enrollment of its own. */
  isGroupEnrolled(attestation: GroupAttestation<K>): boolean;
  /** The faults that only some devices of this kind can have. */
  faults(attestation: GroupAttestation<K>): readonly Fault[];
  /** Ids longer than this do not go with the kind, and why. */
  readonly idLimit?: { readonly length: number; readonly why: string };
  /** The name of the CA that stands for a whole group: two groups cannot share it. */
  authority?(attestation: GroupAttestation<K>): string | undefined;

  /** Derives what is slow to derive: the same text on any machine. */
  deriveFiles?(
    devices: readonly FleetMember<K>[],
    file: FleetSeed,
    signal: AbortSignal | undefined,
  ): Promise<FleetFiles>;
  /** Reads a fleet's sources once; gives each device its credentials. */
  supplier(sources: FleetSources): (device: FleetMember<K>) => FleetCredentials<K>;
  /** The attestation of an enrollment as services take it. */
  mechanism(enrolled: FleetAttestation<K>): IndividualEnrollmentInput["attestation"];
}
