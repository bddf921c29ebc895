import {
  type AttestationKind,
  type EnrolledAttestation,
  type EnrolledGroup,
  type EnrolledIndividual,
  type EnrolledMechanism,
  type EnrollmentKind,
  formatDate,
  hasSecrets,
  type Json,
  reprovisionPolicies,
} from "@rollcall/protocol";
import { attestations } from "../attestation/attestations.js";
import { allocationPolicyOf, type ServiceAllocationPolicy } from "../records/allocation-policy.js";
import type { AttestationRecord } from "../records/attestation-record.js";
import type { EnrollmentRecord, RegistrationRecord } from "../records/records.js";
import { quotedEtag } from "./etags.js";
import { wireRegistration } from "./wire-registration.js";

/** The attestation as conditions of queries see it: without certificates if they do not need them. */
type QueriedAttestation = EnrolledAttestation | { readonly type: AttestationKind };

/** The attestation as GET, PUT and query answer it: without keys (wire.md#attestationmechanism). */
function wireAttestation(attestation: AttestationRecord, withoutCertificates: boolean): QueriedAttestation {
  const { type } = attestation;
  if (hasSecrets(type) || (withoutCertificates && attestations[type].isSlowToShow)) return { type };
  return attestationMechanism(attestation);
}

/** The attestation with its keys, for the attestationmechanism routes only. */
export function attestationMechanism(attestation: AttestationRecord): EnrolledMechanism {
  return attestations[attestation.type].wire(attestation);
}

/** The context on which the wire form depends besides its record. */
export interface WireContext {
  /** The registration of an individual enrollment, if its device has registered. */
  readonly registration: RegistrationRecord | undefined;
  /** The service's own policy: what is in force for an enrollment that names none. Absent: hashed. */
  readonly allocationPolicy?: ServiceAllocationPolicy | undefined;
  /** Decides whether the registration is still assigning. */
  readonly now: number;
  /** For conditions that need no certificates, since each certificate would be parsed. */
  readonly withoutCertificates?: boolean;
}

/** The members of both kinds of enrollment; `attestation` as queries see it. */
interface Members
  extends Omit<EnrolledIndividual, "attestation">,
    Omit<EnrolledGroup, "attestation" | "optionalDeviceInformation"> {
  readonly attestation: QueriedAttestation;
}
type Read<Name extends keyof Members> = (
  record: EnrollmentRecord,
  about: WireContext,
) => Members[Name] | null | undefined;

/** Every member of an enrollment or a group, in its order on the wire (wire.md#individualenrollment). */
const members: { readonly [Name in keyof Members]-?: Read<Name> } = {
  registrationId: (record) => (record.kind === "individual" ? record.registrationId : undefined),
  enrollmentGroupId: (record) => (record.kind === "group" ? record.enrollmentGroupId : undefined),
  deviceId: (record) => (record.kind === "individual" ? record.deviceId : undefined),
  attestation: (record, { withoutCertificates = false }) => wireAttestation(record.attestation, withoutCertificates),
  capabilities: ({ iotEdge }) => ({ iotEdge }),
  // Hubs as the operator wrote them, so that the single-hub form of 2017 is kept.
  iotHubHostName: ({ source }) => source.iotHubHostName,
  iotHubs: ({ source }) => source.iotHubs,
  // Always present, like reprovisionPolicy: "allocation policy is never null" in ProvisioningServiceIndividualEnrollmentTests.cs of
  // azure-iot-sdk-csharp @35ef6b3, and the live tests of the azure-iot CLI extension.
  allocationPolicy: (record, { allocationPolicy }) => allocationPolicyOf(record, allocationPolicy),
  customAllocationDefinition: ({ source }) =>
    source.customAllocationDefinition && { ...source.customAllocationDefinition },
  initialTwin: ({ initialTwin }) => wireTwin(initialTwin),
  optionalDeviceInformation: ({ source }) => source.optionalDeviceInformation,
  reprovisionPolicy: (record) => ({ ...defaultReprovisioning, ...record.reprovisionPolicy }),
  provisioningStatus: (record) => record.provisioningStatus,
  credentialPolicyName: ({ source }) => source.credentialPolicyName,
  namespaceName: ({ source }) => source.namespaceName,
  certificateAuthorityName: ({ source }) => source.certificateAuthorityName,
  certificatePolicyName: ({ source }) => source.certificatePolicyName,
  etag: ({ etag }) => quotedEtag(etag),
  registrationState: (_record, { registration, now }) =>
    registration?.enrollment.kind === "individual" ? wireRegistration(registration, now) : undefined,
  createdDateTimeUtc: ({ createdAt }) => formatDate(new Date(createdAt)),
  lastUpdatedDateTimeUtc: ({ updatedAt }) => formatDate(new Date(updatedAt)),
};

const defaultReprovisioning = reprovisionPolicies.migrate.policy;

/** An enrollment or a group in the form of the service API; members without a value are absent. */
export function wireEnrollment(record: EnrollmentRecord, about: WireContext): EnrolledIndividual | EnrolledGroup {
  const all = Object.entries(members).map(([name, read]) => [name, read(record, about)] as const);
  // Object.fromEntries loses the names; each kind has its own names.
  return Object.fromEntries(all.filter(([, value]) => value != null)) as unknown as EnrolledIndividual | EnrolledGroup;
}

/** The members of one kind only; all others are of both. */
const onlyOf: Readonly<Record<string, EnrollmentKind>> = {
  registrationId: "individual",
  enrollmentGroupId: "group",
  deviceId: "individual",
  registrationState: "individual",
};

/** The names of the members that enrollments of a kind have. */
export function memberNames(kind: EnrollmentKind): readonly string[] {
  return Object.keys(members).filter((name) => (onlyOf[name] ?? kind) === kind);
}

/** One member of the wire form; null when it is absent. For queries, which ask thousands of enrollments for little. */
export function wireMember(record: EnrollmentRecord, name: string, about: WireContext): Json {
  return (Object.hasOwn(members, name) ? members[name as keyof Members](record, about) : null) ?? null;
}

/** Absent when it is empty. */
function wireTwin({ tags, desired }: EnrollmentRecord["initialTwin"]): EnrolledIndividual["initialTwin"] {
  const isEmpty = Object.keys(tags).length === 0 && Object.keys(desired).length === 0;
  return isEmpty ? undefined : { tags, properties: { desired } };
}
