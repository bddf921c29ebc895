import type { DeviceIdentity, Twin } from "@rollcall/protocol";
import type {
  Assignment,
  CaCertificateRecord,
  EnrolledCertificate,
  GroupRecord,
  IndividualRecord,
  RegistrationRecord,
  Store,
} from "../index.js";

/** Opens an empty store. */
export type OpenStore = () => Promise<Store>;

const base = {
  provisioningStatus: "enabled" as const,
  iotHubs: [],
  iotEdge: false,
  initialTwin: { tags: {}, desired: {} },
  createdAt: 1,
  updatedAt: 1,
};
export const keys = { type: "symmetricKey" as const, primaryKey: "cA==", secondaryKey: "cw==" };

export function individual(registrationId: string, over: Partial<IndividualRecord> = {}): IndividualRecord {
  const source = {
    registrationId,
    attestation: { type: "symmetricKey" as const },
    provisioningStatus: "enabled" as const,
  };
  return { kind: "individual", registrationId, attestation: keys, etag: "e1", source, ...base, ...over };
}

export function group(enrollmentGroupId: string, over: Partial<GroupRecord> = {}): GroupRecord {
  const source = {
    enrollmentGroupId,
    attestation: { type: "symmetricKey" as const },
    provisioningStatus: "enabled" as const,
  };
  return { kind: "group", enrollmentGroupId, attestation: keys, etag: "e1", source, ...base, ...over };
}

/** An attestation with one or two certificates. */
export const x509 = (
  holds: "clientCertificates" | "signingCertificates",
  primary: EnrolledCertificate,
  secondary?: EnrolledCertificate,
) => ({ type: "x509" as const, holds, primary, ...(secondary && { secondary }) });

export const tpm = (endorsementKeyHash: string) => ({
  type: "tpm" as const,
  endorsementKey: "AA==",
  endorsementKeyHash,
});

export function certificate(name: string, over: Partial<CaCertificateRecord> = {}): CaCertificateRecord {
  const content = { der: "AA==", thumbprint: "AA", isVerified: false };
  return { name, ...content, etag: "c1", createdAt: 1, updatedAt: 1, ...over };
}

export function registration(
  registrationId: string,
  etag: string,
  enrollment: RegistrationRecord["enrollment"] = { kind: "individual", id: registrationId },
): RegistrationRecord {
  return {
    registrationId,
    enrollment,
    attestation: "symmetricKey",
    operations: [{ id: "4.0.0", startedAt: 1, readyAt: 1 }],
    result: { status: "assigned", assignedHub: "127.0.0.1", deviceId: registrationId, substatus: "initialAssignment" },
    createdAt: 1,
    updatedAt: 1,
    etag,
  };
}

export function identity(hub: string, deviceId: string, registrationId = deviceId): DeviceIdentity {
  const authentication = { type: "symmetricKey" as const, primaryKey: "cA==" };
  return { hub, deviceId, registrationId, authentication, iotEdge: false, status: "enabled", createdAt: 1 };
}

export function twin(hub: string, deviceId: string, etag: string): Twin {
  const versions = { desiredVersion: 1, desiredUpdatedAt: 1, reportedVersion: 1, reportedUpdatedAt: 1 };
  return { hub, deviceId, tags: {}, desired: { a: 1 }, reported: {}, ...versions, etag };
}

/** A first registration, with its device at the hub. */
export const assignment = (hub: string, deviceId: string): Assignment => ({
  registration: registration(deviceId, "r1"),
  identity: identity(hub, deviceId),
  twin: twin(hub, deviceId, "t1"),
});

export const idsOf = (records: readonly { readonly registrationId: string }[]): readonly string[] =>
  records.map((record) => record.registrationId);
export const groupIdsOf = (records: readonly GroupRecord[]): readonly string[] =>
  records.map((record) => record.enrollmentGroupId);
