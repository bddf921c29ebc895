import type { DeviceRequest } from "../attempts/engine-types.js";
import type { AttestationContext, Verdict } from "../attestation/judging/verdict.js";
import type { EngineContext } from "./context.js";

/** What attestation needs, as of now. */
export function attestationContext(context: EngineContext): AttestationContext {
  const { store, certificates, proofs, challenges, afford } = context;
  const { idScope, strictX509 = false } = context.options;
  return { store, certificates, proofs, challenges, afford, idScope, strictX509, now: context.clock() };
}

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
