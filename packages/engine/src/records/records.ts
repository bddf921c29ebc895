import type { AttestationKind, DeviceIdentity, IndividualEnrollment, Json, Substatus, Twin } from "@rollcall/protocol";
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
  /** The device's identity has another certificate than before: connections that stand with the old one end. */
  readonly renews?: true;
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

/** Records to put back, as an export holds them. */
export interface StoreRecords {
  readonly individuals?: readonly IndividualRecord[];
  readonly groups?: readonly GroupRecord[];
  readonly certificates?: readonly CaCertificateRecord[];
  readonly registrations?: readonly RegistrationRecord[];
  readonly identities?: readonly DeviceIdentity[];
  readonly twins?: readonly Twin[];
}
