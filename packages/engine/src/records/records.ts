import type { AttestationKind, DeviceIdentity, IndividualEnrollment, Json, Substatus, Twin } from "@rollcall/protocol";
import type { AttestationRecord } from "./attestation-record.js";
import type { EnrollmentSource } from "./enrollment-source.js";

/** The common members of individual enrollments and groups, checked. Everything is JSON. */
interface EnrollmentRecordBase {
  readonly attestation: AttestationRecord;
  readonly provisioningStatus: "enabled" | "disabled";
  readonly allocationPolicy?: IndividualEnrollment["allocationPolicy"];
  readonly iotHubs: readonly string[];
  readonly iotEdge: boolean;
  readonly initialTwin: { readonly tags: Twin["tags"]; readonly desired: Twin["desired"] };
  /** Absent when the enrollment states no policy: the default is migrate (wire.md#reprovisioning). */
  readonly reprovisionPolicy?: { readonly updateHubAssignment: boolean; readonly migrateDeviceData: boolean };
  readonly etag: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface IndividualRecord extends EnrollmentRecordBase {
  readonly kind: "individual";
  readonly registrationId: string;
  readonly deviceId?: string;
  /** Further members as the operator wrote them, for the service API; no credentials. */
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

/** A device's registration, by registration id without case. */
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

/** One registration, which is saved in one transaction before the device is answered. */
export interface Assignment {
  readonly registration: RegistrationRecord;
  readonly identity?: DeviceIdentity;
  /** Absent: the device's twin at the hub, if any, stays unchanged. */
  readonly twin?: Twin;
  /** The registration that gave up this device id, so that its device at the hub may be replaced. */
  readonly replaces?: string;
  /** The device's identity has another certificate than before: connections that stand with the old one end. */
  readonly renews?: true;
  /** A device that moved away from here. */
  readonly removed?: { readonly hub: string; readonly deviceId: string };
  /** The etag of the registration record when it was read; absent when there was no record. */
  readonly expectedEtag?: string;
  /**
   * The etag of the enrollment when it admitted the device. Absent for assignments that no device asked for: they are
   * saved whatever state the enrollment is in.
   */
  readonly enrollmentEtag?: string;
}

/**
 * An uploaded CA certificate, for groups that refer to it by name (wire.md#proof-of-possession). Its content never
 * changes: a change is a deletion and a new upload.
 */
export interface CaCertificateRecord {
  readonly name: string;
  /** base64 of DER. */
  readonly der: string;
  /** Upper-case hex SHA-256 of the DER. */
  readonly thumbprint: string;
  readonly isVerified: boolean;
  /** The common name that the proving certificate must have; absent until it is generated, and after verification. */
  readonly verificationCode?: string;
  readonly etag: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export type EnrollmentStatus = EnrollmentRecord["provisioningStatus"];

/** Records of an export, to be restored. */
export interface StoreRecords {
  readonly individuals?: readonly IndividualRecord[];
  readonly groups?: readonly GroupRecord[];
  readonly certificates?: readonly CaCertificateRecord[];
  readonly registrations?: readonly RegistrationRecord[];
  readonly identities?: readonly DeviceIdentity[];
  readonly twins?: readonly Twin[];
}
