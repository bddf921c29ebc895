export type { Allocator, AllocatorAnswer } from "./allocation/allocator.js";
export { Attempt, type AttemptFacts } from "./attempts/attempt.js";
export { type AttemptFilter, AttemptLog } from "./attempts/attempt-log.js";
export type {
  Admission,
  Credentials,
  DeviceRequest,
  Engine,
  FrontEndParts,
  UnnotedRequest,
} from "./attempts/engine-types.js";
export { SingleRequests } from "./attempts/single-requests.js";
export { type StoreTrouble, storeTrouble } from "./attempts/store-trouble.js";
export { Visit } from "./attempts/visit.js";
export { deviceKeyOf, lookUpsOf } from "./attestation/attestations.js";
export type { AttestationLookUp } from "./attestation/judging/attestation.js";
export { type CertificateOperatorContext, createCertificateOperator } from "./certificates/ca-certificates.js";
export { inspectCertificate, inspectEndorsementKey } from "./certificates/inspect.js";
export { createEngine } from "./engine.js";
export { groupRecord, individualRecord, type RecordContext } from "./enrollments/enrollment-record.js";
export { loadSeed, type SeedCount } from "./enrollments/load-seed.js";
export { MemoryStore } from "./memory/memory-store.js";
export { createOperator } from "./operator/operator.js";
export type { OperatorContext } from "./operator/operator-context.js";
export type * from "./operator/operator-types.js";
export type { ServiceAllocationPolicy } from "./records/allocation-policy.js";
export type { AttestationRecord, EnrolledCertificate } from "./records/attestation-record.js";
export { EnrollmentError } from "./records/enrollment-error.js";
export type { EnrollmentSource } from "./records/enrollment-source.js";
export { groupKindOf } from "./records/group-kind.js";
export type * from "./records/ports.js";
export type * from "./records/records.js";
export type * from "./records/store.js";
export { subjectKey } from "./records/subject-key.js";
export type { EngineOptions } from "./registration/context.js";
export { exportRecords } from "./transfer/export-records.js";
export { importRecords } from "./transfer/import-records.js";
export type { ImportOptions, Spool } from "./transfer/import-types.js";
export { etagsOf, newEtag } from "./wire/etags.js";
export { wireEnrollment } from "./wire/wire-enrollment.js";
