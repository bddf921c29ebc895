import { attemptOutcomes, type Json, type JsonObject, registrationStatuses, substatuses } from "@rollcall/protocol";

/** A component of the document by its name. */
export const reference = (name: string): JsonObject => ({ $ref: `#/components/schemas/${name}` });

const text = { type: "string" } as const;
const truth = { type: "boolean" } as const;
const whole = { type: "integer" } as const;
const date = { type: "string", format: "date-time" } as const;
const anything: JsonObject = { type: "object", additionalProperties: {} };
export const listOf = (items: JsonObject): JsonObject => ({ type: "array", items });

/** An object; what newer services say besides is allowed. Names without a question mark are always there. */
function object(members: Readonly<Record<string, Json>>): JsonObject {
  const entries = Object.entries(members).map(([name, schema]) => [name.replace(/\?$/, ""), schema] as const);
  const required = Object.keys(members).filter((name) => !name.endsWith("?"));
  return { type: "object", ...(required.length > 0 && { required }), properties: Object.fromEntries(entries) };
}

const pageOf = (name: string): JsonObject => object({ items: listOf(reference(name)), "next?": text });

function bulkResult(id: string): JsonObject {
  const error = object({ [id]: text, errorCode: whole, errorStatus: text });
  return object({ isSuccessful: truth, errors: listOf(error) });
}

const certificateFacts = {
  subjectName: text,
  issuerName: text,
  sha1Thumbprint: text,
  sha256Thumbprint: text,
  notBeforeUtc: text,
  notAfterUtc: text,
  serialNumber: text,
  version: whole,
  isCa: truth,
  isSelfSigned: truth,
  keyAlgorithm: text,
  signatureAlgorithm: text,
  "commonName?": text,
  "subjectKeyId?": text,
  "authorityKeyId?": text,
} as const;

const attemptFacts = {
  trackingId: text,
  at: { type: "string", enum: ["service", "hub"] },
  registrationId: text,
  transport: text,
  remote: text,
  outcome: { type: "string", enum: [...attemptOutcomes] },
  startedAt: whole,
} as const;

/** What answers hold; bodies are made from what checks them (`bodyJsonSchemas`). */
export const answerSchemas: Readonly<Record<string, JsonObject>> = {
  Error: object({
    errorCode: whole,
    trackingId: text,
    message: text,
    timestampUtc: date,
    "info?": {
      type: "object",
      description: "`path` of the offending member, `position` in a query",
      additionalProperties: text,
    },
  }),
  DeviceRegistrationState: object({
    registrationId: text,
    createdDateTimeUtc: date,
    lastUpdatedDateTimeUtc: date,
    status: { type: "string", enum: [...registrationStatuses] },
    etag: text,
    "assignedHub?": text,
    "deviceId?": text,
    "substatus?": { type: "string", enum: [...substatuses] },
    "errorCode?": whole,
    "errorMessage?": text,
    "payload?": {},
  }),
  BulkEnrollmentOperationResult: bulkResult("registrationId"),
  BulkEnrollmentGroupOperationResult: bulkResult("enrollmentGroupId"),
  EnrollmentPage: pageOf("IndividualEnrollment"),
  EnrollmentGroupPage: pageOf("EnrollmentGroup"),
  IgnoredQuery: object({
    code: { const: "query.notUnderstood" },
    severity: { const: "warning" },
    collection: text,
    query: text,
    position: whole,
    title: text,
    remedy: text,
    count: whole,
    firstAt: whole,
    lastAt: whole,
  }),
  Counts: object({ individualEnrollments: whole, enrollmentGroups: whole, registrations: whole, certificates: whole }),
  CertificateUpload: object({
    certificate: { ...text, description: "PEM, or base64 of DER" },
    "isVerified?": { ...truth, description: "Taken as proven; when it is created" },
  }),
  CertificateFacts: object(certificateFacts),
  CaCertificate: object({
    name: text,
    etag: text,
    properties: object({
      subject: text,
      expiry: text,
      thumbprint: text,
      isVerified: truth,
      created: text,
      updated: text,
      certificate: text,
      "verificationCode?": text,
      info: reference("CertificateFacts"),
    }),
  }),
  LinkedHub: object({
    host: text,
    weight: whole,
    applyAllocationPolicy: truth,
    linked: truth,
    devices: whole,
    "latency?": { type: "number" },
  }),
  Device: object({
    deviceId: text,
    registrationId: text,
    authenticationType: text,
    status: text,
    createdDateTimeUtc: date,
    iotEdge: truth,
    connectionState: text,
  }),
  DevicePage: pageOf("Device"),
  Twin: object({
    deviceId: text,
    etag: text,
    status: text,
    connectionState: text,
    authenticationType: text,
    version: whole,
    tags: anything,
    properties: object({ desired: anything, reported: anything }),
  }),
  TwinPatch: object({ "tags?": anything, "properties?": object({ "desired?": anything }) }),
  EndorsementKey: object({ endorsementKey: { ...text, description: "base64 of a TPM2B_PUBLIC" } }),
  EndorsementKeyFacts: object({
    registrationId: text,
    sha256: text,
    keyAlgorithm: text,
    keySize: whole,
    attributes: text,
    notes: listOf(text),
  }),
  ImportResult: object({ format: text, imported: anything, notes: listOf({}) }),
  Attempt: object({ ...attemptFacts, steps: listOf(anything), findings: listOf(anything) }),
  AttemptSummary: object({ ...attemptFacts, findings: whole, "finding?": anything }),
  AttemptPage: pageOf("AttemptSummary"),
  Info: object({ idScope: text, host: text, ports: anything, connectionString: text, hubs: listOf(text) }),
  Credentials: listOf(anything),
  Stopping: object({ stopping: truth }),
};
