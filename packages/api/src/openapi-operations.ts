import {
  type AnswerRoute,
  attemptOutcomes,
  type BodySchemaName,
  type EnrollmentKind,
  type JsonObject,
  limits,
  type managementRoutes,
  type OperatorRoute,
  provisioningStatuses,
  type ServiceRoute,
  serviceRoutes,
} from "@rollcall/protocol";

/** A reference to a component of the document. */
const reference = (name: string): JsonObject => ({ $ref: `#/components/schemas/${name}` });

/** Parameters of a request besides its path and its body. */
export const headerParameters = {
  "if-match": {
    description: "The etag that the record must have; `*`: any. A PUT without If-Match creates only",
    schema: { type: "string" },
  },
  "if-none-match": { description: "`*`: create only (a Rollcall extension)", schema: { type: "string" } },
  "x-ms-max-item-count": {
    description: `Entries of a page; default ${limits.pageItems.usual}, maximum ${limits.pageItems.max}`,
    schema: { type: "integer", minimum: 1 },
  },
  "x-ms-continuation": { description: "The token of the page before", schema: { type: "string" } },
} as const;

export const queryParameters = {
  query: {
    description: "`SELECT * … WHERE …`, instead of search and status; has to be understood",
    schema: { type: "string" },
  },
  search: { description: "A part of the id", schema: { type: "string" } },
  status: { schema: { type: "string", enum: [...provisioningStatuses] } },
  limit: {
    description: "Entries of a page",
    schema: { type: "integer", minimum: 1, maximum: limits.pageItems.max, default: limits.pageItems.usual },
  },
  after: { description: "The value of `next` in the page before", schema: { type: "string" } },
  outcome: { schema: { type: "string", enum: [...attemptOutcomes] } },
  overwrite: { description: "Replace existing records", schema: { type: "boolean", default: false } },
  generateKeys: { description: "Make keys for enrollments without keys", schema: { type: "boolean", default: false } },
} as const;

/** The input of an operation, as the document describes it. */
export interface DescribedOperation {
  readonly headers?: readonly (keyof typeof headerParameters)[];
  readonly query?: readonly (keyof typeof queryParameters)[];
  readonly body?: { readonly type: string; readonly schema: JsonObject; readonly alsoType?: string };
  /** Names of the headers of the answer; its contract describes the rest. */
  readonly answerHeaders?: readonly string[];
}

const JSON_TYPE = "application/json";
const json = (name: BodySchemaName) => ({ type: JSON_TYPE, schema: reference(name) });

type Operations = Readonly<Partial<Record<OperatorRoute | keyof typeof managementRoutes, DescribedOperation>>>;
const ifMatch = ["if-match"] as const;
const lines = {
  type: JSON_TYPE,
  alsoType: "application/x-ndjson",
  schema: { description: "One record a line, an array, or a seed file" },
};

/** Rollcall's own routes with more input than their path. */
const ownOperations: Operations = {
  listEnrollments: { query: ["search", "status", "query", "limit", "after"] },
  listGroups: { query: ["search", "status", "query", "limit", "after"] },
  putCertificate: { body: json("CertificateUpload") },
  deleteCertificate: { headers: ifMatch },
  generateVerificationCode: { headers: ifMatch },
  verifyCertificate: { headers: ifMatch, body: json("CertificateUpload") },
  listDevices: { query: ["search", "limit", "after"] },
  patchTwin: { headers: ifMatch, body: json("TwinPatch") },
  inspectCertificate: { body: json("CertificateUpload") },
  inspectEndorsementKey: { body: json("EndorsementKey") },
  importRecords: { query: ["overwrite", "generateKeys"], body: lines },
  attempts: { query: ["limit", "outcome", "after"] },
};

const record = { individual: "IndividualEnrollment", group: "EnrollmentGroup" } as const;
const bulk = { individual: "BulkEnrollmentOperation", group: "BulkEnrollmentGroupOperation" } as const;

/** The service API's routes are named by verb and noun, so one row for each verb is enough. */
const serviceOperations: Readonly<Record<string, (kind: EnrollmentKind | undefined) => DescribedOperation>> = {
  get: () => ({}),
  put: (kind = "individual") => ({ headers: ["if-match", "if-none-match"], body: json(record[kind]) }),
  delete: () => ({ headers: ifMatch }),
  bulk: (kind = "individual") => ({ body: json(bulk[kind]) }),
  query: (kind) => ({
    headers: ["x-ms-max-item-count", "x-ms-continuation"],
    ...(kind && { body: json("QuerySpecification") }),
    answerHeaders: ["x-ms-continuation", "x-ms-max-item-count", "x-ms-item-type"],
  }),
};

function serviceOperation(name: ServiceRoute): DescribedOperation {
  const row = serviceRoutes[name];
  const described = serviceOperations[/^[a-z]+/.exec(name)?.[0] ?? ""];
  if (!described) throw new Error(`${name} has no description`);
  return described("kind" in row ? row.kind : undefined);
}

/** The input of the operation with this name. */
export function describedOperation(name: AnswerRoute): DescribedOperation {
  return name in serviceRoutes
    ? serviceOperation(name as ServiceRoute) // `in` does not narrow a name
    : (ownOperations[name as keyof Operations] ?? {});
}
