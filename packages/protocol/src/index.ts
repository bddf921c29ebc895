export * from "./allocation.js";
export * from "./api-versions.js";
export * from "./attempts.js";
export * from "./connection.js";
export {
  type Answer,
  type AnswerContract,
  type AnswerRoute,
  answers,
} from "./contracts/answers.js";
export { attemptEvents } from "./contracts/attempts.js";
export type * from "./contracts/certificates.js";
export type * from "./contracts/enrollments.js";
export type * from "./contracts/hubs.js";
export type * from "./contracts/management.js";
export { errorAnswer } from "./contracts/management.js";
export type * from "./contracts/registrations.js";
export * from "./enrollments.js";
export * from "./errors.js";
export { findingRows } from "./finding-rows.js";
export * from "./findings.js";
export * from "./hub-records.js";
export * from "./ids.js";
export type * from "./json.js";
export * from "./json-schemas.js";
export * from "./limits.js";
export * from "./messages.js";
export * from "./parse.js";
export * from "./property-rules.js";
export * from "./routes.js";
export * from "./sas.js";
export * from "./service-routes.js";
export * from "./statuses.js";
export * from "./topics.js";
export * from "./user-names.js";
