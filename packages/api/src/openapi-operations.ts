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

/** A component of the document by its name. */
const reference = (name: string): JsonObject => ({ $ref: `#/components/schemas/${name}` });

/** What a request may say besides its path and its body. */
export const headerParameters = {
  "if-match": {
    description: "The etag that it has to have; `*`: any. A PUT without it creates only",
    schema: { type: "string" },
  },
  "if-none-match": { description: "`*`: create, and replace nothing (ours)", schema: { type: "string" } },
  "x-ms-max-item-count": {
    description: `Entries of a page, ${limits.pageItems.usual} unless said; never more than ${limits.pageItems.max}`,
    schema: { type: "integer", minimum: 1 },
  },
  "x-ms-continuation": { description: "What the page before gave", schema: { type: "string" } },
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
  after: { description: "What the page before gave as `next`", schema: { type: "string" } },
  outcome: { schema: { type: "string", enum: [...attemptOutcomes] } },
  overwrite: { description: "Put over what is there", schema: { type: "boolean", default: false } },
  generateKeys: { description: "Make keys for those that have none", schema: { type: "boolean", default: false } },
} as const;

/** What one operation takes, as the document needs it. */
export interface DescribedOperation {
  readonly headers?: readonly (keyof typeof headerParameters)[];
  readonly query?: readonly (keyof typeof queryParameters)[];
  readonly body?: { readonly type: string; readonly schema: JsonObject; readonly alsoType?: string };
  /** Names of headers that the answer has; the rest of it says its contract. */
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

/** The routes that are Rollcall's own and take more than their path. */
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

/** Of the service API one row for each verb is enough: its routes are named by verb and noun. */
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
  if (!described) throw new Error(`nothing describes ${name}`);
  return described("kind" in row ? row.kind : undefined);
}

/** What the operation of this name takes. */
export function describedOperation(name: AnswerRoute): DescribedOperation {
  return name in serviceRoutes
    ? serviceOperation(name as ServiceRoute) // `in` does not narrow a name
    : (ownOperations[name as keyof Operations] ?? {});
}
