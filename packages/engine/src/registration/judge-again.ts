import { type Finding, finding, rankFindings, rootCause } from "@rollcall/protocol";
import { authenticate } from "../attestation/authenticate.js";
import type { AcceptedProof, AttestationRequest, Verdict } from "../attestation/judging/verdict.js";
import { enrollmentId } from "../records/enrollment-id.js";
import type { EnrollmentRecord, RegistrationRecord } from "../records/records.js";
import { attestationContext } from "./attestation-context.js";
import type { EngineContext } from "./context.js";
import { noteVerdict } from "./note-verdict.js";

/** A device that was admitted. */
export interface Accepted {
  readonly request: AttestationRequest;
  readonly enrollment: EnrollmentRecord;
  readonly proof: AcceptedProof;
  readonly attestation: RegistrationRecord["attestation"];
}

/** Returns undefined for a device that was refused, and for a device that has to answer a challenge first. */
function acceptedAs(request: AttestationRequest, { proof, enrollment, attestation }: Verdict): Accepted | undefined {
  if (!proof || proof.kind === "challenge" || !enrollment || !attestation) return undefined;
  return { request, enrollment, proof, attestation };
}

/**
 * Checks an admitted device again, since an operator may have changed its enrollment meanwhile. If the enrollment is
 * unchanged, it returns the same admission; else it judges the device by the current enrollments. A refusal names what
 * happened to the enrollment that had admitted the device.
 */
export async function judgeAgain(
  accepted: Accepted,
  context: EngineContext,
): Promise<Accepted | { readonly refusal: Finding }> {
  const { request, enrollment } = accepted;
  const now = await currentVersion(enrollment, context);
  if (now?.etag === enrollment.etag && now.provisioningStatus === "enabled") return accepted;
  const verdict = await authenticate(request, attestationContext(context));
  const again = acceptedAs(request, verdict);
  if (again) {
    noteVerdict(request, verdict);
    return again;
  }
  const refusal = revoked(enrollment, now) ?? rootCause(rankFindings(verdict.findings));
  // Only a request without credentials gets a challenge, and such a request is never admitted, so it cannot come here.
  if (!refusal) throw new Error("an admitted device was neither admitted again nor refused");
  return { refusal };
}

function currentVersion(enrollment: EnrollmentRecord, { store }: EngineContext): Promise<EnrollmentRecord | undefined> {
  const id = enrollmentId(enrollment);
  return enrollment.kind === "group" ? store.enrollmentGroup(id) : store.individualEnrollment(id);
}

const expected = "an enrollment that still exists and is enabled when its device is saved";

/** A device whose enrollment was disabled or deleted meanwhile gets no hub. */
function revoked(enrollment: EnrollmentRecord, now: EnrollmentRecord | undefined): Finding | undefined {
  const id = enrollmentId(enrollment);
  if (!now)
    return finding("enrollment.notFound", {
      values: { id, hint: "", how: " --at <kind>" },
      expected,
      got: "deleted meanwhile",
    });
  if (now.provisioningStatus === "enabled") return undefined;
  const details = { values: { id }, expected, got: "disabled meanwhile" };
  return finding(enrollment.kind === "group" ? "group.disabled" : "enrollment.disabled", details);
}
