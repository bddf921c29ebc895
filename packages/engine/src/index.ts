export { Attempt, type AttemptFacts, AttemptLog } from "./attempts.js";
export type { AttestationRecord, EnrolledCertificate } from "./attestation-record.js";
export type { Admission, Credentials, DeviceRequest, Engine } from "./engine-types.js";
export type * from "./ports.js";
