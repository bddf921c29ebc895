export * from "./allocation.js";
export * from "./attempts.js";
export * from "./attestation-kinds.js";
export * from "./connection.js";
export {
  type Answer,
  type AnswerContract,
  type AnswerRoute,
  answers,
} from "./contract-answers.js";
export { attemptEvents } from "./contract-attempts.js";
export type * from "./contract-certificates.js";
export type * from "./contract-enrollments.js";
export type * from "./contract-hubs.js";
export type * from "./contract-management.js";
export { errorAnswer } from "./contract-management.js";
export type * from "./contract-registrations.js";
export * from "./enrollments.js";
export * from "./error-body.js";
export * from "./facts/admission.js";
export * from "./facts/api-versions.js";
export * from "./facts/errors.js";
export * from "./facts/is-loopback.js";
export * from "./facts/is-object.js";
export type * from "./facts/json.js";
export * from "./facts/limits.js";
export * from "./findings/finding.js";
export * from "./findings/finding-rows.js";
export * from "./findings/rank.js";
export * from "./findings/rows/finding-row.js";
export * from "./hub-records.js";
export * from "./ids.js";
export * from "./json-schemas.js";
export * from "./messages.js";
export * from "./parse.js";
export * from "./property-rules.js";
export * from "./routes.js";
export * from "./sas.js";
export * from "./service-routes.js";
export * from "./statuses.js";
export * from "./topics.js";
export * from "./transports.js";
export * from "./user-names.js";
export * from "./words.js";
