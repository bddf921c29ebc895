import { formatDate, type Json, type JsonObject } from "@rollcall/protocol";
import type { AttestationRecord } from "../attestation-record.js";
import type { EnrollmentRecord, RegistrationRecord } from "../ports.js";
import { quotedEtag } from "./etags.js";
import { wireX509 } from "./wire-certificates.js";
import { wireRegistration } from "./wire-registration.js";

/** The attestation as GET, PUT and query answer it: without keys (section 7.4). */
function wireAttestation(attestation: AttestationRecord, withoutCertificates: boolean): JsonObject {
  const { type } = attestation;
  if (type === "symmetricKey" || (type === "x509" && withoutCertificates)) return { type };
  return attestationMechanism(attestation);
}

/** The attestation with keys; the answer of the attestationmechanism routes alone. */
export function attestationMechanism(attestation: AttestationRecord): JsonObject {
  if (attestation.type === "x509") return { type: "x509", x509: wireX509(attestation) };
  if (attestation.type === "tpm") {
    const { endorsementKey, storageRootKey } = attestation;
    return { type: "tpm", tpm: { endorsementKey, ...(storageRootKey !== undefined && { storageRootKey }) } };
  }
  const { primaryKey, secondaryKey } = attestation;
  return { type: "symmetricKey", symmetricKey: { primaryKey, secondaryKey } };
}

/** What a wire form depends on besides its record. */
export interface WireContext {
  /** The individual's own, once it registered. */
  readonly registration: RegistrationRecord | undefined;
  /** Decides whether the registration is still assigning. */
  readonly now: number;
  /** For conditions that do not ask for them: each would be parsed. */
  readonly withoutCertificates?: boolean;
}

/** An enrollment or a group as the service API gives it (section 7.4). */
export function wireEnrollment(record: EnrollmentRecord, about: WireContext): JsonObject {
  const { source } = record;
  const { registration, now, withoutCertificates = false } = about;
  return compact({
    ...(record.kind === "individual"
      ? { registrationId: record.registrationId, deviceId: record.deviceId }
      : { enrollmentGroupId: record.enrollmentGroupId }),
    attestation: wireAttestation(record.attestation, withoutCertificates),
    capabilities: { iotEdge: record.iotEdge },
    iotHubHostName: source.iotHubHostName,
    // As the operator wrote it; the single-hub form of 2017 stays by itself.
    iotHubs: source.iotHubs,
    allocationPolicy: source.allocationPolicy,
    customAllocationDefinition: source.customAllocationDefinition && { ...source.customAllocationDefinition },
    initialTwin: wireTwin(record.initialTwin),
    optionalDeviceInformation: source.optionalDeviceInformation,
    reprovisionPolicy: { updateHubAssignment: true, migrateDeviceData: true, ...record.reprovisionPolicy },
    provisioningStatus: record.provisioningStatus,
    credentialPolicyName: source.credentialPolicyName,
    etag: quotedEtag(record.etag),
    registrationState: registration?.enrollment.kind === "individual" ? wireRegistration(registration, now) : undefined,
    createdDateTimeUtc: formatDate(new Date(record.createdAt)),
    lastUpdatedDateTimeUtc: formatDate(new Date(record.updatedAt)),
  });
}

/** Absent when there is nothing in it. */
function wireTwin({ tags, desired }: EnrollmentRecord["initialTwin"]): JsonObject | undefined {
  const isEmpty = Object.keys(tags).length === 0 && Object.keys(desired).length === 0;
  return isEmpty ? undefined : { tags, properties: { desired } };
}

function compact(members: Readonly<Record<string, Json | undefined>>): JsonObject {
  const present = Object.entries(members).filter((entry): entry is [string, Json] => entry[1] != null);
  return Object.fromEntries(present);
}
