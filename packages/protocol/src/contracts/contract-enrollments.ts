import { z } from "zod";
import { type Answered, date, type Frozen, flag, json, text, whole } from "../facts/contract-shared.js";
import { allocationPolicies, provisioningStatuses } from "../facts/statuses.js";
import {
  type AttestationInput,
  type EnrollmentGroupInput,
  enrollmentMembers,
  type IndividualEnrollmentInput,
  symmetricKey,
  type X509Input,
} from "../records/enrollments.js";
import { certificateInfo } from "./contract-certificates.js";
import { registrationState } from "./contract-registrations.js";

/** Enrollments as the service API returns them (wire.md#objects). */

const certificate = z.strictObject({ info: certificateInfo }).meta({ id: "EnrolledCertificate" });
const certificates = z
  .strictObject({ primary: certificate.exactOptional(), secondary: certificate.exactOptional() })
  .meta({ id: "EnrolledCertificates" });
const references = z
  .strictObject({ primary: text.exactOptional(), secondary: text.exactOptional() })
  .meta({ id: "EnrolledCAReferences" });
const x509 = z
  .strictObject({
    clientCertificates: certificates.exactOptional(),
    signingCertificates: certificates.exactOptional(),
    caReferences: references.exactOptional(),
  })
  .meta({ id: "EnrolledX509" });

const withX509 = z.strictObject({ type: z.literal("x509"), x509 });
const withTpm = z.strictObject({
  type: z.literal("tpm"),
  tpm: z.strictObject({ endorsementKey: text, storageRootKey: text.exactOptional() }).meta({ id: "EnrolledTpm" }),
});
const keys = z.strictObject({ primaryKey: symmetricKey, secondaryKey: symmetricKey }).meta({ id: "EnrolledKeys" });

/** Attestation in the answers of GET, PUT and query: without keys. */
const enrolledAttestation = z
  .discriminatedUnion("type", [withX509, z.strictObject({ type: z.literal("symmetricKey") }), withTpm])
  .meta({ id: "EnrolledAttestation" });
/** Answer of the attestationmechanism routes: with keys. */
export const enrolledMechanism = z
  .discriminatedUnion("type", [
    withX509,
    z.strictObject({ type: z.literal("symmetricKey"), symmetricKey: keys }),
    withTpm,
  ])
  .meta({ id: "EnrolledMechanism" });

const { id, deviceId, jsonObject, customAllocationDefinition } = enrollmentMembers;
const { credentialPolicyName, namespaceName, certificateAuthorityName, certificatePolicyName } = enrollmentMembers;
const common = {
  attestation: enrolledAttestation,
  capabilities: z.strictObject({ iotEdge: flag }),
  iotHubHostName: text.exactOptional(),
  iotHubs: z.array(text).exactOptional(),
  allocationPolicy: z.enum(allocationPolicies),
  customAllocationDefinition: customAllocationDefinition.strict().exactOptional(),
  initialTwin: z
    .strictObject({ tags: jsonObject, properties: z.strictObject({ desired: jsonObject }) })
    .meta({ id: "EnrolledTwin" })
    .exactOptional(),
  reprovisionPolicy: z.strictObject({ updateHubAssignment: flag, migrateDeviceData: flag }),
  provisioningStatus: z.enum(provisioningStatuses),
  credentialPolicyName: credentialPolicyName.exactOptional(),
  namespaceName: namespaceName.exactOptional(),
  certificateAuthorityName: certificateAuthorityName.exactOptional(),
  certificatePolicyName: certificatePolicyName.exactOptional(),
  etag: text,
  createdDateTimeUtc: date,
  lastUpdatedDateTimeUtc: date,
} as const;

export const enrolledIndividual = z
  .strictObject({
    registrationId: id,
    deviceId: deviceId.exactOptional(),
    ...common,
    optionalDeviceInformation: jsonObject.exactOptional(),
    registrationState: registrationState.exactOptional(),
  })
  .meta({ id: "EnrolledIndividual" });
export const enrolledGroup = z
  .strictObject({
    enrollmentGroupId: id,
    ...common,
    optionalDeviceInformation: json
      .exactOptional()
      .meta({ description: "Any JSON, returned as written; the specification has no such member for groups" }),
  })
  .meta({ id: "EnrolledGroup" });

export type EnrolledAttestation = Answered<typeof enrolledAttestation>;
export type EnrolledMechanism = Answered<typeof enrolledMechanism>;
export type EnrolledCertificate = Answered<typeof certificate>;
export type EnrolledX509 = Answered<typeof x509>;
export type EnrolledIndividual = Answered<typeof enrolledIndividual>;
export type EnrolledGroup = Answered<typeof enrolledGroup>;

/** Body of a write: an answer with edits, of either kind, since the service ignores unknown members. */
export type EnrollmentBody = Frozen<
  Partial<EnrollmentGroupInput> & Pick<IndividualEnrollmentInput, "deviceId"> & { attestation: AttestationInput }
>;
export type AttestationBody = Frozen<AttestationInput>;
export type X509Body = Frozen<X509Input>;

/** Entries that failed; the id is empty when an entry had no id. */
const bulkResult = <Id extends string>(name: string, member: Id) =>
  z
    .strictObject({
      isSuccessful: flag,
      errors: z.array(z.strictObject({ [member]: text, errorCode: whole, errorStatus: text } as BulkEntry<Id>)),
    })
    .meta({ id: name });
/** Needed because the compiler types a computed name as any string. */
type BulkEntry<Id extends string> = Readonly<Record<Id | "errorStatus", typeof text>> & {
  readonly errorCode: typeof whole;
};
export const individualBulkResult = bulkResult("BulkEnrollmentOperationResult", "registrationId");
export const groupBulkResult = bulkResult("BulkEnrollmentGroupOperationResult", "enrollmentGroupId");
/** One entry of a bulk answer, without the id, whose name depends on the kind. */
export type BulkError = Omit<Answered<typeof individualBulkResult>["errors"][number], "registrationId">;
