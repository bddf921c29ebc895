import { z } from "zod";
import { type Answered, pageOf } from "../facts/contract-shared.js";
import type { managementRoutes } from "../wire/routes.js";
import type { OperatorRoute, ServiceRoute } from "../wire/service-routes.js";
import { attemptRecord, attemptSummary } from "./contract-attempts.js";
import { caCertificate, certificateReading, endorsementKeyFacts } from "./contract-certificates.js";
import {
  enrolledGroup,
  enrolledIndividual,
  enrolledMechanism,
  groupBulkResult,
  individualBulkResult,
} from "./contract-enrollments.js";
import { devicePage, hub, twin } from "./contract-hubs.js";
import { counts, credential, ignoredQuery, importResult, info, stopping } from "./contract-management.js";
import { registrationState } from "./contract-registrations.js";

/** A route of the service API, the operator API or the management API. */
export type AnswerRoute = ServiceRoute | OperatorRoute | keyof typeof managementRoutes;

/** The answer of a route to a successful request. */
export interface AnswerContract {
  readonly status: number;
  /** Absent: no body. */
  readonly type?: string;
  /** Schema of a JSON body; absent for text. */
  readonly schema?: z.ZodType;
}

const JSON_TYPE = "application/json";
const ok = <Schema extends z.ZodType>(schema: Schema) => ({ status: 200, type: JSON_TYPE, schema }) as const;
const okText = <Type extends string>(type: Type) => ({ status: 200, type }) as const;
const done = { status: 204 } as const;

/** Only GET and PUT tell of the registration (azure-iot-sdk-csharp#3478). */
const individuals = z.array(enrolledIndividual.omit({ registrationState: true }).meta({ id: "QueriedIndividual" }));
const groups = z.array(enrolledGroup);

/**
 * The contract of every route. Its types (`Answer`), its OpenAPI description and its check are derived from this row.
 */
export const answers = {
  getEnrollment: ok(enrolledIndividual),
  putEnrollment: ok(enrolledIndividual),
  deleteEnrollment: done,
  bulkEnrollments: ok(individualBulkResult),
  queryEnrollments: ok(individuals),
  getEnrollmentMechanism: ok(enrolledMechanism),
  getGroup: ok(enrolledGroup),
  putGroup: ok(enrolledGroup),
  deleteGroup: done,
  bulkGroups: ok(groupBulkResult),
  queryGroups: ok(groups),
  getGroupMechanism: ok(enrolledMechanism),
  getRegistration: ok(registrationState),
  deleteRegistration: done,
  queryRegistrations: ok(z.array(registrationState)),

  counts: ok(counts),
  listEnrollments: ok(pageOf("EnrollmentPage", enrolledIndividual)),
  listGroups: ok(pageOf("EnrollmentGroupPage", enrolledGroup)),
  ignoredQueries: ok(z.array(ignoredQuery)),
  listCertificates: ok(z.array(caCertificate)),
  getCertificate: ok(caCertificate),
  putCertificate: { ...ok(caCertificate), status: 201 },
  deleteCertificate: done,
  generateVerificationCode: ok(caCertificate),
  verifyCertificate: ok(caCertificate),
  listHubs: ok(z.array(hub)),
  listDevices: ok(devicePage),
  getTwin: ok(twin),
  patchTwin: ok(twin),
  deleteDevice: done,
  inspectCertificate: ok(certificateReading),
  inspectEndorsementKey: ok(endorsementKeyFacts),
  exportRecords: okText("application/x-ndjson"),
  importRecords: ok(importResult),

  health: okText("text/plain"),
  ready: okText("text/plain"),
  attempt: ok(attemptRecord),
  attempts: ok(pageOf("AttemptPage", attemptSummary)),
  attemptEvents: okText("text/event-stream"),
  info: ok(info),
  ca: okText("application/x-pem-file"),
  credentials: ok(z.array(credential)),
  stop: { ...ok(stopping), status: 202 },
} as const satisfies Readonly<Record<AnswerRoute, AnswerContract>>;

/** Type of a route's JSON answer, for readers; undefined when the answer is not JSON. */
export type Answer<Route extends AnswerRoute> = (typeof answers)[Route] extends {
  readonly schema: infer Schema extends z.ZodType;
}
  ? Answered<Schema>
  : undefined;
