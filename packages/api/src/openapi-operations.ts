import {
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
import { listOf, reference } from "./openapi-schemas.js";

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

/** What one operation takes and answers, as the document needs it. */
export interface DescribedOperation {
  readonly headers?: readonly (keyof typeof headerParameters)[];
  readonly query?: readonly (keyof typeof queryParameters)[];
  readonly body?: { readonly type: string; readonly schema: JsonObject; readonly alsoType?: string };
  /** Without content it has none. */
  readonly answer: {
    readonly status: number;
    readonly type?: string;
    readonly schema?: JsonObject;
    readonly headers?: readonly string[];
  };
}

const JSON_TYPE = "application/json";
const json = (name: string) => ({ type: JSON_TYPE, schema: reference(name) });
const ok = (name: string) => ({ status: 200, ...json(name) });
const okText = (type: string) => ({ status: 200, type, schema: { type: "string" } });
const done = { status: 204 };
const okList = (name: string) => ({ status: 200, type: JSON_TYPE, schema: listOf(reference(name)) });

type Operations = Readonly<Record<OperatorRoute | keyof typeof managementRoutes, DescribedOperation>>;
const ifMatch = ["if-match"] as const;
const lines = {
  type: JSON_TYPE,
  alsoType: "application/x-ndjson",
  schema: { description: "One record a line, an array, or a seed file" },
};

/** The routes that are Rollcall's own. */
const ownOperations: Operations = {
  counts: { answer: ok("Counts") },
  listEnrollments: { query: ["search", "status", "query", "limit", "after"], answer: ok("EnrollmentPage") },
  listGroups: { query: ["search", "status", "query", "limit", "after"], answer: ok("EnrollmentGroupPage") },
  ignoredQueries: { answer: okList("IgnoredQuery") },
  listCertificates: { answer: okList("CaCertificate") },
  getCertificate: { answer: ok("CaCertificate") },
  putCertificate: { body: json("CertificateUpload"), answer: { ...ok("CaCertificate"), status: 201 } },
  deleteCertificate: { headers: ifMatch, answer: done },
  generateVerificationCode: { headers: ifMatch, answer: ok("CaCertificate") },
  verifyCertificate: { headers: ifMatch, body: json("CertificateUpload"), answer: ok("CaCertificate") },
  listHubs: { answer: okList("LinkedHub") },
  listDevices: { query: ["search", "limit", "after"], answer: ok("DevicePage") },
  getTwin: { answer: ok("Twin") },
  patchTwin: { headers: ifMatch, body: json("TwinPatch"), answer: ok("Twin") },
  deleteDevice: { answer: done },
  inspectCertificate: { body: json("CertificateUpload"), answer: ok("CertificateFacts") },
  inspectEndorsementKey: { body: json("EndorsementKey"), answer: ok("EndorsementKeyFacts") },
  exportRecords: { answer: okText("application/x-ndjson") },
  importRecords: { query: ["overwrite", "generateKeys"], body: lines, answer: ok("ImportResult") },
  health: { answer: okText("text/plain") },
  ready: { answer: okText("text/plain") },
  attempt: { answer: ok("Attempt") },
  attempts: { query: ["limit", "outcome", "after"], answer: ok("AttemptPage") },
  attemptEvents: { answer: okText("text/event-stream") },
  info: { answer: ok("Info") },
  ca: { answer: okText("application/x-pem-file") },
  credentials: { answer: ok("Credentials") },
  stop: { answer: { ...ok("Stopping"), status: 202 } },
};

type Named = Readonly<Record<EnrollmentKind, string>>;
const record: Named = { individual: "IndividualEnrollment", group: "EnrollmentGroup" };
const bulk = {
  individual: "BulkEnrollmentOperation",
  group: "BulkEnrollmentGroupOperation",
} as const satisfies Record<EnrollmentKind, BodySchemaName>;

/** Of the service API one row for each verb is enough: its routes are named by verb and noun. */
const serviceOperations: Readonly<Record<string, (kind: EnrollmentKind | undefined) => DescribedOperation>> = {
  get: (kind) => ({ answer: ok(kind ? record[kind] : "DeviceRegistrationState") }),
  put: (kind = "individual") => ({
    headers: ["if-match", "if-none-match"],
    body: json(record[kind]),
    answer: ok(record[kind]),
  }),
  delete: () => ({ headers: ifMatch, answer: done }),
  bulk: (kind = "individual") => ({ body: json(bulk[kind]), answer: ok(`${bulk[kind]}Result`) }),
  query: (kind) => ({
    headers: ["x-ms-max-item-count", "x-ms-continuation"],
    ...(kind && { body: json("QuerySpecification") }),
    answer: {
      ...okList(kind ? record[kind] : "DeviceRegistrationState"),
      headers: ["x-ms-continuation", "x-ms-max-item-count", "x-ms-item-type"],
    },
  }),
};

function serviceOperation(name: ServiceRoute): DescribedOperation {
  if (name.endsWith("Mechanism")) return { answer: ok("AttestationMechanism") };
  const row = serviceRoutes[name];
  const described = serviceOperations[/^[a-z]+/.exec(name)?.[0] ?? ""];
  if (!described) throw new Error(`nothing describes ${name}`);
  return described("kind" in row ? row.kind : undefined);
}

/** What the operation of this name takes and answers. */
export function describedOperation(name: ServiceRoute | keyof Operations): DescribedOperation {
  return name in serviceRoutes
    ? serviceOperation(name as ServiceRoute) // `in` does not narrow a name
    : ownOperations[name as keyof Operations];
}
