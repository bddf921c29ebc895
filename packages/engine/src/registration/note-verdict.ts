import type { DeviceRequest } from "../attempts/engine-types.js";
import type { Verdict } from "../attestation/judging/verdict.js";

/** Writes into the attempt which enrollment was asked and how. */
export function noteVerdict(request: DeviceRequest, verdict: Verdict): void {
  const { attempt } = request;
  const { enrollment, attestation } = verdict;
  if (attestation) attempt.attestation = attestation;
  if (!enrollment) return;
  attempt.enrollment = {
    kind: enrollment.kind,
    id: enrollment.kind === "individual" ? enrollment.registrationId : enrollment.enrollmentGroupId,
  };
}
