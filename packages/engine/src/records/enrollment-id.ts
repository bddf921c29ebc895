import type { EnrollmentRecord } from "./ports.js";

/** The registration id of an individual enrollment, the group id of a group. */
export function enrollmentId(enrollment: EnrollmentRecord): string {
  return enrollment.kind === "individual" ? enrollment.registrationId : enrollment.enrollmentGroupId;
}
