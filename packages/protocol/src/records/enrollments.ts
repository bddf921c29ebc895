import { z } from "zod";
import { judgeApiVersion } from "../facts/api-versions.js";
import type { AttestationKind } from "../facts/attestation-kinds.js";
import { deviceIdPattern, idPattern, idProblem, isDeviceId } from "../facts/ids.js";
import type { JsonObject } from "../facts/json.js";
import { limits } from "../facts/limits.js";
import { allocationPolicies, provisioningStatuses } from "../facts/statuses.js";
import { isWebhookUrl } from "../wire/allocation.js";

/**
 * The REST shapes of wire.md#objects; the `id` in `meta` is the specification's name of a shape. Read-only members are
 * accepted and ignored, since SDKs send whole objects back.
 */

// `meta` describes the rule in the OpenAPI document, which cannot express a refinement.
const id = z
  .string()
  .superRefine((text, context) => {
    const problem = idProblem(text);
    if (problem) context.addIssue({ code: "custom", message: problem.message });
  })
  .meta({ pattern: idPattern });
const deviceId = z
  .string()
  .refine(isDeviceId, "is not a device id: up to 128 of letters, digits and - . % _ * ? ! ( ) , : = @ $ '")
  .meta({ pattern: deviceIdPattern });

/** base64 of 16 to 64 bytes. An empty text, which .NET sends, means that there is no key. */
export const symmetricKey = z
  .string()
  .superRefine((text, context) => {
    if (text === "") return;
    const bytes = decodeBase64(text);
    const { min, max } = limits.symmetricKeyBytes;
    if (bytes === undefined) context.addIssue({ code: "custom", message: "is not base64" });
    else if (bytes.length < min || bytes.length > max) {
      context.addIssue({ code: "custom", message: `has ${bytes.length} bytes; ${min} to ${max} are allowed` });
    }
  })
  .meta({ contentEncoding: "base64" });

/** Decodes strict base64 with padding; undefined for any other text. */
export function decodeBase64(text: string): Buffer | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? bytes : undefined;
}

/**
 * Accepts one of a few words in any case and returns it in the usual spelling: `az` wrote `geolatency` for years, its
 * tests read `geoLatency` (azure-iot-cli-extension `azext_iot/tests/dps`).
 */
function word<const T extends string>(words: readonly T[]) {
  const usual = (value: unknown) =>
    typeof value === "string" ? (words.find((each) => each.toLowerCase() === value.toLowerCase()) ?? value) : value;
  // A cast: TypeScript callers pass a word of the list, but preprocess types its input as unknown.
  return z.preprocess(usual, z.enum(words)) as unknown as z.ZodType<T, T>;
}

const jsonObject = z.record(z.string(), z.json()).transform((value) => value as JsonObject);

const certificateInfo = z
  .looseObject({ sha1Thumbprint: z.string().nullish(), sha256Thumbprint: z.string().nullish() })
  .meta({ id: "X509CertificateInfo" });
const certificateWithInfo = z
  .looseObject({ certificate: z.string().min(1).nullish(), info: certificateInfo.nullish() })
  .refine(
    (value) => value.certificate != null || value.info?.sha256Thumbprint != null,
    "has neither certificate nor info.sha256Thumbprint",
  )
  .meta({ id: "X509CertificateWithInfo" });
/**
 * The primary certificate may be missing: `az iot dps enrollment update --remove-certificate` leaves only the
 * secondary.
 */
const certificatePair = z
  .looseObject({ primary: certificateWithInfo.nullish(), secondary: certificateWithInfo.nullish() })
  .refine((pair) => pair.primary != null || pair.secondary != null, "has neither primary nor secondary")
  .meta({ id: "X509Certificates" });
const referencePair = z
  .looseObject({ primary: z.string().nullish(), secondary: z.string().nullish() })
  .refine((pair) => pair.primary || pair.secondary, "has neither primary nor secondary")
  .meta({ id: "X509CAReferences" });

const x509Members = z
  .looseObject({
    clientCertificates: certificatePair.nullish(),
    signingCertificates: certificatePair.nullish(),
    caReferences: referencePair.nullish(),
  })
  .refine(
    (value) =>
      [value.clientCertificates, value.signingCertificates, value.caReferences].filter((member) => member != null)
        .length === 1,
    "must have exactly one of clientCertificates, signingCertificates, caReferences",
  )
  .meta({ id: "X509Attestation" });
/**
 * True for an object without members; it means, like an absent one, the stored certificates (wire.md#updates, ours).
 */
const isEmpty = (value: unknown) =>
  typeof value === "object" && value !== null && Object.values(value).every((member) => member == null);
const x509 = z.preprocess((value) => (isEmpty(value) ? undefined : value), x509Members.nullish());

const keys = z
  .looseObject({ primaryKey: symmetricKey.nullish(), secondaryKey: symmetricKey.nullish() })
  .meta({ id: "SymmetricKeyAttestation" });
const tpm = z
  .looseObject({ endorsementKey: z.string().min(1), storageRootKey: z.string().nullish() })
  .meta({ id: "TpmAttestation" });
/** The wire shape of each kind of attestation. */
const mechanisms = {
  x509: z.looseObject({ type: z.literal("x509"), x509 }),
  symmetricKey: z.looseObject({ type: z.literal("symmetricKey"), symmetricKey: keys.nullish() }),
  tpm: z.looseObject({ type: z.literal("tpm"), tpm }),
} as const satisfies Record<AttestationKind, z.ZodType<{ readonly type: string }>>;
const attestation = z
  .discriminatedUnion("type", [mechanisms.x509, mechanisms.symmetricKey, mechanisms.tpm])
  .meta({ id: "AttestationMechanism" });

const initialTwin = z
  .object({ tags: jsonObject.nullish(), properties: z.object({ desired: jsonObject.nullish() }).nullish() })
  .meta({ id: "InitialTwin" });

/** The first api-version of custom allocation (wire.md#individualenrollment). */
const CUSTOM_ALLOCATION_SINCE = "2018-09-01-preview";
/** The webhook of allocation `custom`. */
const customAllocationDefinition = z.object({
  webhookUrl: z
    .string()
    .refine(isWebhookUrl, "must be an http or https URL without user and password")
    .meta({ pattern: "^[hH][tT][tT][pP][sS]?://[^/]" }),
  apiVersion: z
    .string()
    .refine(
      (text) => judgeApiVersion(text) !== "malformed" && text >= CUSTOM_ALLOCATION_SINCE,
      `must be an api-version of ${CUSTOM_ALLOCATION_SINCE} or later`,
    )
    .meta({ pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}(-preview)?$" }),
});

/** Members that requests and answers share; the contracts of answers use them too. */
export const enrollmentMembers = {
  id,
  deviceId,
  jsonObject,
  customAllocationDefinition,
  // The cloud's issuer of device certificates (2025-07-01-preview; az of 2026-11-01 has three names). Only stored.
  credentialPolicyName: z.string(),
  namespaceName: z.string(),
  certificateAuthorityName: z.string(),
  certificatePolicyName: z.string(),
} as const;

const common = {
  attestation,
  capabilities: z.object({ iotEdge: z.boolean().default(false) }).nullish(),
  iotHubHostName: z.string().nullish(),
  iotHubs: z.array(z.string().min(1)).nullish(),
  allocationPolicy: word(allocationPolicies).nullish(),
  customAllocationDefinition: customAllocationDefinition.nullish(),
  initialTwin: initialTwin.nullish(),
  reprovisionPolicy: z
    .object({ updateHubAssignment: z.boolean().default(true), migrateDeviceData: z.boolean().default(true) })
    .nullish(),
  provisioningStatus: word(provisioningStatuses)
    .nullish()
    .transform((status) => status ?? "enabled"),
  credentialPolicyName: enrollmentMembers.credentialPolicyName.nullish(),
  namespaceName: enrollmentMembers.namespaceName.nullish(),
  certificateAuthorityName: enrollmentMembers.certificateAuthorityName.nullish(),
  certificatePolicyName: enrollmentMembers.certificatePolicyName.nullish(),
  etag: z.string().nullish(),
};

export const individualEnrollmentSchema = z.looseObject({
  registrationId: id,
  deviceId: deviceId.nullish(),
  optionalDeviceInformation: jsonObject.nullish(),
  ...common,
});
export const enrollmentGroupSchema = z.looseObject({ enrollmentGroupId: id, ...common });

export const enrollmentSchemas = { individual: individualEnrollmentSchema, group: enrollmentGroupSchema } as const;

/** Modes of a bulk operation; matched without case, since Node's SDK writes `updateIfMatchEtag` (wire.md#bulk). */
export const bulkModes = ["create", "update", "updateIfMatchETag", "delete"] as const;
export type BulkMode = (typeof bulkModes)[number];

/** `query` of a QuerySpecification, any text; other members are ignored. */
export const querySpecificationSchema = z.looseObject({ query: z.string() });

/** A seed file, which `rollcall start --seed` loads before the service is ready. */
export const seedSchema = z.strictObject({
  enrollments: z.array(individualEnrollmentSchema).default([]),
  enrollmentGroups: z.array(enrollmentGroupSchema).default([]),
});

export type IndividualEnrollment = z.output<typeof individualEnrollmentSchema>;
export type EnrollmentGroup = z.output<typeof enrollmentGroupSchema>;
/** Attestation mechanism of an enrollment, of the kinds `K` (default: all kinds). */
export type AttestationMechanism<K extends AttestationKind = AttestationKind> = {
  readonly [P in K]: z.output<(typeof mechanisms)[P]>;
}[K];
export type CertificateWithInfo = z.output<typeof certificateWithInfo>;
export type Seed = z.output<typeof seedSchema>;
/** Content of a seed file. */
export type SeedInput = z.input<typeof seedSchema>;
export type IndividualEnrollmentInput = z.input<typeof individualEnrollmentSchema>;
export type AttestationInput = z.input<typeof attestation>;
export type X509Input = z.input<typeof x509Members>;
export type EnrollmentGroupInput = z.input<typeof enrollmentGroupSchema>;

/** The issues of a failed zod parse as readable text: one line with path and reason per issue. */
export function describeIssues(error: z.ZodError): string {
  return error.issues
    .map((issue) => `${issue.path.map(String).join(".") || "(top level)"}: ${issue.message}`)
    .join("\n");
}
