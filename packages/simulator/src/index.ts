export type { FleetAttestation } from "./attestation/proving/fleet-types.js";
export { type DeviceIdentity, type DeviceTpm, InvalidIdentityError } from "./attestation/proving/identity.js";
export type { ExchangeOptions, RegisterOptions, RegistrationTarget } from "./device/options.js";
export { type Phase, type PhaseTimes, phases } from "./device/phases.js";
export { registerDevice } from "./device/register-device.js";
export type { AssignedState, Refusal, RegisterResult, Unreachable } from "./device/result.js";
export { TargetRefusedError } from "./fleet/check-target.js";
export type { Fleet, FleetDevice, FleetEnrollment } from "./fleet/fleet.js";
export { fleetEnrollments } from "./fleet/fleet-enrollments.js";
export { FleetFileError } from "./fleet/fleet-file-error.js";
export {
  fleetFromText,
  type LoadOptions,
  loadFleet,
  type WrittenCertificates,
  writeFleetCertificates,
} from "./fleet/load-fleet.js";
export { runFleet } from "./fleet/run-fleet.js";
export type { FleetProgress, FleetTarget, RunOptions } from "./fleet/run-options.js";
export { connectToHub } from "./hub/connect-to-hub.js";
export type { DeviceTwin, HubOptions, HubResult } from "./hub/options.js";
export { mergeReports } from "./report/aggregate.js";
export { formatReport } from "./report/format-report.js";
export type {
  AttestationReport,
  DeviceEnd,
  DeviceOutcome,
  Expectation,
  FleetReport,
  Latency,
  TesterHealth,
} from "./report/report-types.js";
