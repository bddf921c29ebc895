import { type Finding, finding, rankFindings, rootCause } from "@rollcall/protocol";
import { authenticate } from "../attestation/authenticate.js";
import type { AcceptedProof, AttestationRequest, Verdict } from "../attestation/judging/verdict.js";
import { enrollmentId } from "../records/enrollment-id.js";
import type { EnrollmentRecord, RegistrationRecord } from "../records/records.js";
import { attestationContext } from "./attestation-context.js";
import type { EngineContext } from "./context.js";
import { noteVerdict } from "./note-verdict.js";

/** A device that was let in. */
export interface Accepted {
  readonly request: AttestationRequest;
  readonly enrollment: EnrollmentRecord;
  readonly proof: AcceptedProof;
  readonly attestation: RegistrationRecord["attestation"];
}

/** Undefined for a device that was refused, and for one that has yet to answer its challenge. */
function acceptedAs(request: AttestationRequest, { proof, enrollment, attestation }: Verdict): Accepted | undefined {
  if (!proof || proof.kind === "challenge" || !enrollment || !attestation) return undefined;
  return { request, enrollment, proof, attestation };
}

/**
 * A device that was let in, as of now: an operator may have been faster. The same when its enrollment is as it was; else it is
 * judged again, by the enrollments that there are. A refusal says what became of the one that had let it in.
 */
export async function readmit(
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
  // Only who shows nothing is challenged, and nobody is let in for that.
  if (!refusal) throw new Error("a device that was let in is neither let in again nor refused");
  return { refusal };
}

function currentVersion(enrollment: EnrollmentRecord, { store }: EngineContext): Promise<EnrollmentRecord | undefined> {
  const id = enrollmentId(enrollment);
  return enrollment.kind === "group" ? store.enrollmentGroup(id) : store.individualEnrollment(id);
}

const expected = "an enrollment that is still there, and enabled, when its device is saved";

/** Who was disabled or deleted meanwhile gets no hub any more. */
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
