import type { DeviceRequest } from "../attempts/engine-types.js";
import type { Verdict } from "../attestation/judging/verdict.js";

/** Notes in the attempt which enrollment judged the device, and by which attestation. */
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
