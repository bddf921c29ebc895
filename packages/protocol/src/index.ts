export * from "./admission.js";
export * from "./allocation.js";
export * from "./api-versions.js";
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
export {
  type HubErrorBody,
  hubErrorAnswer,
  type ModuleAnswer,
  type ModuleBody,
  moduleAnswer,
  moduleBody,
  moduleListAnswer,
} from "./contract-modules.js";
export type * from "./contract-registrations.js";
export * from "./dashboard-host.js";
export * from "./enrollments.js";
export * from "./errors.js";
export { findingRows } from "./finding-rows.js";
export * from "./findings.js";
export * from "./hub-errors.js";
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
export * from "./transports.js";
export * from "./user-names.js";
