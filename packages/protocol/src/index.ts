export * from "./contracts/attempts.js";
export {
  type Answer,
  type AnswerContract,
  type AnswerRoute,
  answers,
} from "./contracts/contract-answers.js";
export { attemptEvents } from "./contracts/contract-attempts.js";
export type * from "./contracts/contract-certificates.js";
export type * from "./contracts/contract-enrollments.js";
export type * from "./contracts/contract-hubs.js";
export type * from "./contracts/contract-management.js";
export type * from "./contracts/contract-registrations.js";
export * from "./contracts/json-schemas.js";
export * from "./facts/admission.js";
export * from "./facts/api-versions.js";
export * from "./facts/attestation-kinds.js";
export * from "./facts/error-body.js";
export * from "./facts/errors.js";
export * from "./facts/ids.js";
export * from "./facts/is-loopback.js";
export * from "./facts/is-object.js";
export type * from "./facts/json.js";
export * from "./facts/limits.js";
export * from "./facts/statuses.js";
export * from "./facts/transports.js";
export * from "./findings/finding.js";
export * from "./findings/finding-rows.js";
export * from "./findings/rank.js";
export * from "./findings/rows/finding-row.js";
export * from "./records/enrollments.js";
export * from "./records/hub-records.js";
export * from "./wire/allocation.js";
export * from "./wire/connection.js";
export * from "./wire/messages.js";
export * from "./wire/parse.js";
export * from "./wire/parse-json.js";
export * from "./wire/property-rules.js";
export * from "./wire/routes.js";
export * from "./wire/sas.js";
export * from "./wire/service-routes.js";
export * from "./wire/topics.js";
export * from "./wire/user-names.js";
export * from "./words.js";
