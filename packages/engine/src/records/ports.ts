import type {
  AttestationKind,
  Counts,
  DeviceChange,
  DeviceIdentity,
  IndividualEnrollment,
  Json,
  LinkedHub,
  Substatus,
  Twin,
} from "@rollcall/protocol";
import type { AttestationRecord } from "./attestation-record.js";
import type { EnrollmentSource } from "./enrollment-source.js";

/** What an individual enrollment and a group have in common, checked and ready to be decided on. JSON all through. */
interface EnrollmentRecordBase {
  readonly attestation: AttestationRecord;
  readonly provisioningStatus: "enabled" | "disabled";
  readonly allocationPolicy?: IndividualEnrollment["allocationPolicy"];
  readonly iotHubs: readonly string[];
  readonly iotEdge: boolean;
  readonly initialTwin: { readonly tags: Twin["tags"]; readonly desired: Twin["desired"] };
  /** Absent when the operator said nothing: the default is migrate (wire.md#reprovisioning). */
  readonly reprovisionPolicy?: { readonly updateHubAssignment: boolean; readonly migrateDeviceData: boolean };
  readonly etag: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface IndividualRecord extends EnrollmentRecordBase {
  readonly kind: "individual";
  readonly registrationId: string;
  readonly deviceId?: string;
  /** What else the operator said, for the service API; no credentials. */
  readonly source: EnrollmentSource;
}

export interface GroupRecord extends EnrollmentRecordBase {
  readonly kind: "group";
  readonly enrollmentGroupId: string;
  readonly source: EnrollmentSource;
}

export type EnrollmentRecord = IndividualRecord | GroupRecord;

/** An operation that a device can poll; `assigning` until `readyAt`. Milliseconds since 1970. */
export interface OperationRecord {
  readonly id: string;
  readonly startedAt: number;
  readonly readyAt: number;
}

/** What is remembered of a device's registration, keyed by registration id without case. */
export interface RegistrationRecord {
  readonly registrationId: string;
  readonly enrollment: { readonly kind: "individual" | "group"; readonly id: string };
  readonly attestation: AttestationKind;
  /** Newest last, at most `limits.operationsPerRegistration`. */
  readonly operations: readonly OperationRecord[];
  readonly result:
    | {
        readonly status: "assigned";
        readonly assignedHub: string;
        readonly deviceId: string;
        readonly substatus: Substatus;
        readonly payload?: Json;
      }
    | {
        readonly status: "failed";
        readonly errorCode: number;
        readonly errorMessage: string;
        readonly assignedHub?: string;
        readonly deviceId?: string;
      };
  /** base64 of the TPM2B_PUBLICs that the result's authenticationKey is wrapped for. */
  readonly tpm?: { readonly endorsementKey: string; readonly storageRootKey: string; readonly hubKey: string };
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly etag: string;
}

/** One registration, saved in one transaction before the device is answered. */
export interface Assignment {
  readonly registration: RegistrationRecord;
  readonly identity?: DeviceIdentity;
  /** Absent: the twin at the hub, if any, stays as it is. */
  readonly twin?: Twin;
  /** The registration whose device at the hub may be replaced by this one: it gave the device id up. */
  readonly replaces?: string;
  /** A device that moved away from here. */
  readonly removed?: { readonly hub: string; readonly deviceId: string };
  /** The etag that the registration record had when it was read; absent when there was none. */
  readonly expectedEtag?: string;
  /**
   * The etag that the enrollment had when it let the device in. Absent: saved whatever became of the enrollment, as for what
   * no device asked for.
   */
  readonly enrollmentEtag?: string;
}

/**
 * A CA certificate that was uploaded, for groups that refer to it by name (wire.md#proof-of-possession). Its content
 * never changes: only deleted and created anew.
 */
export interface CaCertificateRecord {
  readonly name: string;
  /** base64 of DER. */
  readonly der: string;
  /** Upper-case hex SHA-256 of the DER. */
  readonly thumbprint: string;
  readonly isVerified: boolean;
  /** What the common name of the proving certificate has to be; absent until asked for, and once verified. */
  readonly verificationCode?: string;
  readonly etag: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export type EnrollmentStatus = EnrollmentRecord["provisioningStatus"];

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

/** Records to put back, as an export holds them. */
export interface StoreRecords {
  readonly individuals?: readonly IndividualRecord[];
  readonly groups?: readonly GroupRecord[];
  readonly certificates?: readonly CaCertificateRecord[];
  readonly registrations?: readonly RegistrationRecord[];
  readonly identities?: readonly DeviceIdentity[];
  readonly twins?: readonly Twin[];
}

/**
 * Everything that is remembered. No look-up may cost more when there are more enrollments or devices. Ids are compared
 * without case. `memory-store.ts` is one; every adapter passes `testing/store-contract.ts`.
 */
export interface Store {
  individualEnrollment(registrationId: string): Promise<IndividualRecord | undefined>;
  enrollmentGroup(enrollmentGroupId: string): Promise<GroupRecord | undefined>;
  /** Groups that carry one of these signing certificates, by upper-case hex SHA-256 of the DER. */
  groupsByCertificate(thumbprints: readonly string[]): Promise<readonly GroupRecord[]>;
  /** Groups that carry a signing certificate with this subject (hex of the DER of the name), by the rule of `subjectKey`. */
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

/** Which hubs are linked. */
export interface Hubs {
  linked(): readonly LinkedHub[];
}

/** Milliseconds since 1970. */
export type Clock = () => number;
/** `size` random bytes. */
export type Random = (size: number) => Buffer;
