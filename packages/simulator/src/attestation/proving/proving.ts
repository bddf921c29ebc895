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

/** A kind whose proof takes two requests, the second with a key from the answer to the first. */
export interface TwoRequests<K extends AttestationKind> {
  /** The members of both register requests besides the registration id. */
  member(identity: DeviceIdentity<K>): Promise<Partial<DeviceRegistration>>;
  /** base64 of the encrypted key for the hub, in the result of a registration. */
  hubKey(result: DeviceRegistrationResult): string | undefined;
  /** Decrypts a key, in order to sign with it. Throws when the key cannot be decrypted. */
  take(identity: DeviceIdentity<K>, wrapped: Uint8Array): Awaitable<void>;
}

/** The sources from which a fleet's credentials are made. */
export interface FleetSources {
  readonly file: FleetSeed;
  readonly files: FleetFiles;
}

/**
 * How devices of one kind prove their identity: everything in which the simulator treats the kind differently. Its
 * functions are methods, so that one table can have the rows of all kinds: a row is looked up by the identity or
 * attestation that is then passed to it.
 */
export interface Proving<K extends AttestationKind = AttestationKind> {
  /**
   * The certificate and key for the TLS handshake, PEM; absent for kinds without, so that many devices can share a TLS
   * context.
   */
  handshake?(identity: DeviceIdentity<K>): { readonly cert: string; readonly key: string };
  /** The signature of a token over resource, line feed and expiry; absent for kinds whose proof is the handshake. */
  sign?(identity: DeviceIdentity<K>, resource: string, expiry: string): Awaitable<Uint8Array>;
  readonly twoRequests?: TwoRequests<K>;

  /**
   * True when one enrollment group enrolls the devices of a group, false when each device has an individual enrollment.
   */
  isGroupEnrolled(attestation: GroupAttestation<K>): boolean;
  /** The faults that only some devices of this kind can have. */
  faults(attestation: GroupAttestation<K>): readonly Fault[];
  /** The maximal length of an id for this kind, and the reason. */
  readonly idLimit?: { readonly length: number; readonly why: string };
  /** The name of the CA that enrolls a whole group: two groups cannot share it. */
  authority?(attestation: GroupAttestation<K>): string | undefined;

  /** Derives the files that are slow to derive, with the same text on any machine. */
  deriveFiles?(
    devices: readonly FleetMember<K>[],
    file: FleetSeed,
    signal: AbortSignal | undefined,
  ): Promise<FleetFiles>;
  /** Reads a fleet's sources once; returns a function that makes the credentials of a device. */
  supplier(sources: FleetSources): (device: FleetMember<K>) => FleetCredentials<K>;
  /** The attestation of an enrollment in the form that services accept. */
  mechanism(enrolled: FleetAttestation<K>): IndividualEnrollmentInput["attestation"];
}
