import type {
  Counts,
  DeviceAndSession,
  DeviceChange,
  DeviceIdentity,
  ModuleIdentity,
  SessionChange,
  Twin,
} from "@rollcall/protocol";
import type {
  Assignment,
  CaCertificateRecord,
  EnrollmentStatus,
  GroupRecord,
  IndividualRecord,
  RegistrationRecord,
  StoreRecords,
} from "./records.js";

/** The condition of a write: none (undefined), only if there is no record, or only over the record with this etag. */
export type Expected = undefined | "absent" | { readonly etag: string };

/** The result of a removal; `changed`: the record has a different etag than expected. */
export type Removal = "removed" | "missing" | "changed";

/** A page of a list in the order of keys (`idKey`, compared by code unit). */
export interface PageRequest {
  /** Key of the last entry of the page before. */
  readonly after?: string;
  /** At least 1. */
  readonly limit: number;
}

/** For lists that people look at. */
export interface EnrollmentFilter extends PageRequest {
  /** A part of the id at any position, without case. */
  readonly search?: string;
  readonly status?: EnrollmentStatus;
}

/** The devices of a hub after a device id; device ids are compared with case. */
export interface DeviceFilter {
  readonly afterDeviceId?: string;
  readonly limit: number;
  /** A part of the device id. */
  readonly search?: string;
}

/** Module identities of devices at hubs. They and their twins go with their device. */
export interface ModuleStore {
  /** Of one device, by module id (compared by code unit). */
  list(hub: string, deviceId: string): Promise<readonly ModuleIdentity[]>;
  get(hub: string, deviceId: string, moduleId: string): Promise<ModuleIdentity | undefined>;
  /**
   * Creates with the twin, or replaces. False when the stored module is not as expected, when the hub has no such device, and when
   * the device would have more than `atMost` modules, including those of simultaneous calls.
   */
  put(module: ModuleIdentity, more: { twin?: Twin; expected: Expected; atMost: number }): Promise<boolean>;
  /** Takes its twin, too. */
  remove(hub: string, deviceId: string, moduleId: string, expectedEtag?: string): Promise<Removal>;
}

/** The counts of a store, in the form in which the API returns them. */
export type StoreCounts = Counts;

/**
 * Everything that is remembered. The cost of a look-up must not grow with the number of enrollments or devices. Ids are
 * compared without case. `memory-store.ts` is the simplest implementation; every adapter passes
 * `testing/store-contract.ts`.
 */
export interface Store {
  individualEnrollment(registrationId: string): Promise<IndividualRecord | undefined>;
  enrollmentGroup(enrollmentGroupId: string): Promise<GroupRecord | undefined>;
  /** Groups that have one of these signing certificates, by upper-case hex SHA-256 of the DER. */
  groupsByCertificate(thumbprints: readonly string[]): Promise<readonly GroupRecord[]>;
  /** Groups that have a signing certificate with this subject (hex of the DER of the name), compared by `subjectKey`. */
  groupsBySubject(subject: string): Promise<readonly GroupRecord[]>;
  /** Every symmetric-key group: at most `limits.symmetricKeyGroups`. */
  symmetricKeyGroups(): Promise<readonly GroupRecord[]>;
  /** X.509 groups, for naming the most similar group in a refusal: at most `limits.x509Groups`. */
  x509Groups(): Promise<readonly GroupRecord[]>;
  /** Individual enrollments that have this leaf, by upper-case hex SHA-256 of the DER. */
  enrollmentsByLeaf(thumbprint: string): Promise<readonly IndividualRecord[]>;
  /** The individual enrollment with this endorsement key, by hex SHA-256 of the TPM2B_PUBLIC. */
  enrollmentByEndorsementKey(hash: string): Promise<IndividualRecord | undefined>;
  /** The registration ids among these that are individually enrolled, as their enrollments spell them. */
  enrolledAmong(registrationIds: readonly string[]): Promise<readonly string[]>;

  /** Creates or replaces; false when the existing record is not as expected. */
  putIndividual(record: IndividualRecord, expected?: Expected): Promise<boolean>;
  /**
   * Also returns false when there would be more than `atMost` groups with its kind of attestation, even if several are
   * created at the same moment.
   */
  putGroup(record: GroupRecord, expected?: Expected, atMost?: number): Promise<boolean>;
  /** Removes the enrollment and its registration record; the device at the hub stays (wire.md#deprovisioning). */
  removeIndividual(registrationId: string, expectedEtag?: string): Promise<Removal>;
  /** Removes the group; the registration records of its devices stay (wire.md#deprovisioning). */
  removeGroup(enrollmentGroupId: string, expectedEtag?: string): Promise<Removal>;
  /** A page in the order of keys; only that page is loaded. */
  individuals(filter: EnrollmentFilter): Promise<readonly IndividualRecord[]>;
  groups(filter: EnrollmentFilter): Promise<readonly GroupRecord[]>;
  counts(): Promise<StoreCounts>;

  caCertificate(name: string): Promise<CaCertificateRecord | undefined>;
  /** All CA certificates, by name: at most `limits.caCertificates`. */
  caCertificates(): Promise<readonly CaCertificateRecord[]>;
  /** Also returns false when there would be more than `atMost`, even if several are created at the same moment. */
  putCaCertificate(record: CaCertificateRecord, expected?: Expected, atMost?: number): Promise<boolean>;
  removeCaCertificate(name: string, expectedEtag?: string): Promise<Removal>;

  registration(registrationId: string): Promise<RegistrationRecord | undefined>;
  /** Registrations of one enrollment, or of all of them. */
  registrations(
    page: PageRequest,
    enrollment?: RegistrationRecord["enrollment"],
  ): Promise<readonly RegistrationRecord[]>;
  /** Removes the assignment; the device at the hub stays. */
  removeRegistration(registrationId: string, expectedEtag?: string): Promise<Removal>;
  /**
   * Saves all of the assignment or nothing. Returns false when the registration record or the enrollment changed since
   * it was read, when the enrollment was deleted or disabled, and when the identity's place at the hub belongs to a
   * different registration (unless `replaces` names it). `removed` deletes a device only if it belongs to this
   * registration.
   */
  saveAssignment(assignment: Assignment): Promise<boolean>;

  deviceIdentity(hub: string, deviceId: string): Promise<DeviceIdentity | undefined>;
  /** The identity with what its hub keeps of the device's session, in one look-up. */
  deviceAndSession(hub: string, deviceId: string): Promise<DeviceAndSession | undefined>;
  /**
   * Replaces the stored session of a device if it is still equal to `expected` (undefined: the device has no session).
   * Returns false when the stored session is different, or the device does not exist. The session is deleted with its
   * device, when another registration gets the place, and when `restore` puts the identity.
   */
  replaceSession(hub: string, deviceId: string, change: SessionChange): Promise<boolean>;
  twin(hub: string, deviceId: string): Promise<Twin | undefined>;
  /**
   * Replaces a twin whose etag is still `expectedEtag`; false when it was changed or deleted. After "desired", other
   * watching processes are told.
   */
  updateTwin(twin: Twin, expectedEtag: string, changed?: "desired" | "reported"): Promise<boolean>;
  /** A page of the devices of one hub, by device id (compared by code unit). */
  devices(hub: string, filter: DeviceFilter): Promise<readonly DeviceIdentity[]>;
  deviceCount(hub: string): Promise<number>;
  /** Removes identity, twin and modules; false when the device does not exist. */
  removeDevice(hub: string, deviceId: string): Promise<boolean>;
  readonly modules: ModuleStore;
  /** Hubs that have devices, linked or not. */
  hubsWithDevices(): Promise<readonly string[]>;

  /**
   * Puts records unchanged, and replaces those with the same keys; all or nothing. For import and seeds: thousands in
   * one call.
   */
  restore(records: StoreRecords): Promise<void>;

  /**
   * Calls back with changes by other processes that share this store. Absent when the store cannot be shared. The same
   * change may be reported twice, and `missed` is reported whenever it begins to listen, also the first time. Nothing
   * is called after the store is closed.
   */
  watch?(watcher: (change: DeviceChange) => void): void;
}
