export { Attempt, type AttemptFacts, type AttemptFilter, AttemptLog } from "./attempts.js";
export type { AttestationRecord, EnrolledCertificate } from "./attestation-record.js";
export type { EngineOptions } from "./context.js";
export { createEngine } from "./engine.js";
export type { Admission, Credentials, DeviceRequest, Engine } from "./engine-types.js";
export { EnrollmentError, groupRecord, individualRecord, loadSeed, type RecordContext } from "./enrollments.js";
export { MemoryStore } from "./memory-store.js";
export type * from "./operator-types.js";
export type * from "./ports.js";
