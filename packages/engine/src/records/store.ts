import type { Counts, DeviceAndSession, DeviceChange, DeviceIdentity, SessionChange, Twin } from "@rollcall/protocol";
import type {
  Assignment,
  CaCertificateRecord,
  EnrollmentStatus,
  GroupRecord,
  IndividualRecord,
  RegistrationRecord,
  StoreRecords,
} from "./records.js";

/** When a write applies: always (undefined), only where nothing is, or only over that version. */
export type Expected = undefined | "absent" | { readonly etag: string };

/** What became of something that was to be removed; `changed`: its etag was another than the expected. */
export type Removal = "removed" | "missing" | "changed";

/** A part of what there is, in the order of keys (`idKey`, compared by code unit). */
export interface PageRequest {
  /** Key of the last one of the page before. */
  readonly after?: string;
  /** At least 1. */
  readonly limit: number;
}

/** For lists that people look at. */
export interface EnrollmentFilter extends PageRequest {
  /** A part of the id, anywhere in it; any case. */
  readonly search?: string;
  readonly status?: EnrollmentStatus;
}

/** A hub's device and the key to go on after it: device ids have a case. */
export interface DeviceFilter {
  readonly afterDeviceId?: string;
  readonly limit: number;
  /** A part of the device id. */
  readonly search?: string;
}

/** What a store counts is what is answered. */
export type StoreCounts = Counts;

/**
 * Everything that is remembered. No look-up may cost more when there are more enrollments or devices. Ids are compared
 * without case. `memory-store.ts` is one; every adapter passes `testing/store-contract.ts`.
 */
export interface Store {
  individualEnrollment(registrationId: string): Promise<IndividualRecord | undefined>;
  enrollmentGroup(enrollmentGroupId: string): Promise<GroupRecord | undefined>;
  /** Groups that carry one of these signing certificates, by upper-case hex SHA-256 of the DER. */
  groupsByCertificate(thumbprints: readonly string[]): Promise<readonly GroupRecord[]>;
  /** Groups that carry a signing certificate with this subject (hex of the DER of the name). */
  groupsBySubject(subject: string): Promise<readonly GroupRecord[]>;
  /** Every symmetric-key group: at most `limits.symmetricKeyGroups`. */
  symmetricKeyGroups(): Promise<readonly GroupRecord[]>;
  /** X.509 groups, for naming the nearest one in a refusal: at most `limits.x509Groups`. */
  x509Groups(): Promise<readonly GroupRecord[]>;
  /** Individual enrollments that carry this leaf, by upper-case hex SHA-256 of the DER. */
  enrollmentsByLeaf(thumbprint: string): Promise<readonly IndividualRecord[]>;
  /** The individual enrollment with this endorsement key, by hex SHA-256 of the TPM2B_PUBLIC. */
  enrollmentByEndorsementKey(hash: string): Promise<IndividualRecord | undefined>;
  /** Which of these registration ids are individually enrolled, as they are written there. */
  enrolledAmong(registrationIds: readonly string[]): Promise<readonly string[]>;

  /** Creates or replaces; false when what is there is not as expected. */
  putIndividual(record: IndividualRecord, expected?: Expected): Promise<boolean>;
  /** False, too, when there would be more than `atMost` groups with its kind of attestation, whoever else creates some. */
  putGroup(record: GroupRecord, expected?: Expected, atMost?: number): Promise<boolean>;
  /** A registration record of this enrollment's goes with it, the device at the hub stays (wire.md#deprovisioning). */
  removeIndividual(registrationId: string, expectedEtag?: string): Promise<Removal>;
  /** The registration records of its devices stay (wire.md#deprovisioning). */
  removeGroup(enrollmentGroupId: string, expectedEtag?: string): Promise<Removal>;
  /** In the order of keys, without loading more than the page. */
  individuals(filter: EnrollmentFilter): Promise<readonly IndividualRecord[]>;
  groups(filter: EnrollmentFilter): Promise<readonly GroupRecord[]>;
  counts(): Promise<StoreCounts>;

  caCertificate(name: string): Promise<CaCertificateRecord | undefined>;
  /** All, by name: at most `limits.caCertificates`. */
  caCertificates(): Promise<readonly CaCertificateRecord[]>;
  /** False, too, when there would be more than `atMost`, whoever else creates some. */
  putCaCertificate(record: CaCertificateRecord, expected?: Expected, atMost?: number): Promise<boolean>;
  removeCaCertificate(name: string, expectedEtag?: string): Promise<Removal>;

  registration(registrationId: string): Promise<RegistrationRecord | undefined>;
  /** Of one enrollment, or all of them. */
  registrations(
    page: PageRequest,
    enrollment?: RegistrationRecord["enrollment"],
  ): Promise<readonly RegistrationRecord[]>;
  /** Forgets the assignment; the device at the hub stays. */
  removeRegistration(registrationId: string, expectedEtag?: string): Promise<Removal>;
  /**
   * All or nothing. False when the registration record or the enrollment changed since it was read, when the enrollment is gone
   * or disabled, and when the identity's place at the hub is another registration's (but for `replaces`). `removed` takes away only what is this registration's own.
   */
  saveAssignment(assignment: Assignment): Promise<boolean>;

  deviceIdentity(hub: string, deviceId: string): Promise<DeviceIdentity | undefined>;
  /** The identity with what its hub keeps of the device's session, in one look-up. */
  deviceAndSession(hub: string, deviceId: string): Promise<DeviceAndSession | undefined>;
  /**
   * Replaces the session of a device that is still `expected` (undefined: none); false when it is another one, or there is no such
   * device. A session goes with its device, and when another registration gets the place or `restore` puts the identity.
   */
  replaceSession(hub: string, deviceId: string, change: SessionChange): Promise<boolean>;
  twin(hub: string, deviceId: string): Promise<Twin | undefined>;
  /** Replaces a twin whose etag is still `expectedEtag`; false when it changed or is gone. Of `desired`, others who watch are told. */
  updateTwin(twin: Twin, expectedEtag: string, changed?: "desired" | "reported"): Promise<boolean>;
  /** Devices of one hub, by device id (compared by code unit). */
  devices(hub: string, filter: DeviceFilter): Promise<readonly DeviceIdentity[]>;
  deviceCount(hub: string): Promise<number>;
  /** Identity and twin; false when there is none. */
  removeDevice(hub: string, deviceId: string): Promise<boolean>;
  /** Hubs that have devices, linked or not. */
  hubsWithDevices(): Promise<readonly string[]>;

  /** Puts records as they are, over what has their keys; all or nothing. For import and seeds: thousands in one call. */
  restore(records: StoreRecords): Promise<void>;

  /**
   * Calls back with what other processes change that share this store. Absent: there are none. It may repeat itself, and says
   * `missed` once it begins to listen, and whenever it begins again. Nothing is called after the store is closed.
   */
  watch?(watcher: (change: DeviceChange) => void): void;
}
