import {
  type AttestationKind,
  allocationPolicies,
  attestationKindNames,
  type HubAuthentication,
  idProblem,
  isDeviceId,
  isHost,
  isWebhookUrl,
  type JsonObject,
  limits,
  substatuses,
} from "@rollcall/protocol";
import { z } from "zod";
import { recordSchema as symmetricKey } from "../attestation/symmetric-key/read-keys.js";
import { recordSchema as tpm } from "../attestation/tpm/endorsement-key.js";
import { recordSchema as x509 } from "../attestation/x509/check-record.js";

/** The records of an export, member by member. Members that only a newer service knows are kept as they are. */

const id = z.string().superRefine((text, context) => {
  const problem = idProblem(text);
  if (problem) context.addIssue({ code: "custom", message: problem.message });
});
const deviceId = z.string().refine(isDeviceId, "is not a device id");
const etag = z.string().min(1).max(200);
/** Milliseconds since 1970, within the range of a Date. */
const time = z.number().int().min(0).max(8.64e15);
const version = z.int().min(1);
/** Already parsed from JSON, so its members need no check. */
const jsonObject = z.custom<JsonObject>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  "is not a JSON object",
);
/** A hub that an enrollment may name, linked or not. */
const hubName = z.string().min(1).max(255);
const host = z.string().max(255).refine(isHost, "is not a host name or an address");

const attestations = { x509, symmetricKey, tpm } as const satisfies Record<
  AttestationKind,
  z.ZodType<{ readonly type: string }>
>;
const attestation = z.discriminatedUnion("type", [attestations.x509, attestations.symmetricKey, attestations.tpm]);

const customAllocation = z.looseObject({
  webhookUrl: z.string().refine(isWebhookUrl, "must be an http or https URL without user and password"),
  apiVersion: z.string().min(1),
});
const reprovisionPolicy = z.looseObject({ updateHubAssignment: z.boolean(), migrateDeviceData: z.boolean() });
/** The members as the operator wrote them: they are shown unchanged, and contain the webhook to call. */
const source = z.looseObject({
  provisioningStatus: z.enum(["enabled", "disabled"]),
  deviceId: deviceId.optional(),
  capabilities: z.looseObject({ iotEdge: z.boolean() }).optional(),
  iotHubHostName: z.string().optional(),
  iotHubs: z.array(hubName).optional(),
  allocationPolicy: z.enum(allocationPolicies).optional(),
  customAllocationDefinition: customAllocation.optional(),
  optionalDeviceInformation: jsonObject.optional(),
  reprovisionPolicy: reprovisionPolicy.optional(),
  credentialPolicyName: z.string().optional(),
  namespaceName: z.string().optional(),
  certificateAuthorityName: z.string().optional(),
  certificatePolicyName: z.string().optional(),
});

const enrollment = {
  attestation,
  source,
  allocationPolicy: z.enum(allocationPolicies).optional(),
  provisioningStatus: z.enum(["enabled", "disabled"]),
  iotHubs: z.array(hubName),
  iotEdge: z.boolean(),
  initialTwin: z.looseObject({ tags: jsonObject, desired: jsonObject }),
  reprovisionPolicy: reprovisionPolicy.optional(),
  etag,
  createdAt: time,
  updatedAt: time,
};

const individual = z.looseObject({
  kind: z.literal("individual"),
  registrationId: id,
  deviceId: deviceId.optional(),
  ...enrollment,
});
const group = z.looseObject({
  kind: z.literal("group"),
  enrollmentGroupId: id,
  ...enrollment,
});

const caCertificate = z.looseObject({
  name: z.string().regex(/^[A-Za-z0-9\-._]{1,64}$/, "is not a certificate name"),
  der: z.string(),
  thumbprint: z.string(),
  isVerified: z.boolean(),
  verificationCode: z.string().min(1).max(64).optional(),
  etag,
  createdAt: time,
  updatedAt: time,
});

const registration = z.looseObject({
  registrationId: id,
  enrollment: z.looseObject({ kind: z.enum(["individual", "group"]), id }),
  attestation: z.enum(attestationKindNames),
  operations: z
    .array(z.looseObject({ id: z.string().min(1).max(200), startedAt: time, readyAt: time }))
    .max(limits.operationsPerRegistration),
  result: z.discriminatedUnion("status", [
    z.looseObject({ status: z.literal("assigned"), assignedHub: host, deviceId, substatus: z.enum(substatuses) }),
    z.looseObject({ status: z.literal("failed"), errorCode: z.int(), errorMessage: z.string().max(10_000) }),
  ]),
  tpm: z.looseObject({ endorsementKey: z.string(), storageRootKey: z.string(), hubKey: z.string() }).optional(),
  createdAt: time,
  updatedAt: time,
  etag,
});

/** Upper-case hex SHA-256. */
const thumbprint = z.string().regex(/^[0-9A-F]{64}$/, "is no SHA-256 in upper-case hex");

/** X.509 devices as exports of version 1 have them: the leaf of a group's device is not known there. */
const selfSigned = (...thumbprints: readonly (string | undefined)[]): HubAuthentication => ({
  type: "selfSigned",
  thumbprints: thumbprints.filter((each) => each !== undefined),
});
const authentication = z
  .discriminatedUnion("type", [
    z.looseObject({ type: z.literal("symmetricKey"), primaryKey: z.string(), secondaryKey: z.string().optional() }),
    z.looseObject({ type: z.literal("selfSigned"), thumbprints: z.array(thumbprint).max(2) }),
    z.looseObject({ type: z.literal("x509Thumbprint"), primary: z.string(), secondary: z.string().optional() }),
    z.looseObject({ type: z.literal("x509Authority"), authorities: z.array(z.string()).min(1).max(10) }),
  ])
  .transform((read) => {
    if (read.type === "x509Thumbprint") return selfSigned(read.primary, read.secondary);
    return read.type === "x509Authority" ? selfSigned() : read;
  });

const deviceIdentity = z.looseObject({
  hub: host,
  deviceId,
  registrationId: id,
  authentication,
  iotEdge: z.boolean(),
  status: z.enum(["enabled", "disabled"]),
  createdAt: time,
});

const twin = z.looseObject({
  hub: host,
  deviceId,
  tags: jsonObject,
  desired: jsonObject,
  desiredVersion: version,
  desiredUpdatedAt: time,
  reported: jsonObject,
  reportedVersion: version,
  reportedUpdatedAt: time,
  etag,
});

/** The schema of a record, by the kind of its line. */
export const recordSchemas = {
  caCertificate,
  individualEnrollment: individual,
  enrollmentGroup: group,
  registration,
  deviceIdentity,
  twin,
};
