import type { EnrollmentRecord } from "./records.js";

/** The registration id of an individual enrollment, the group id of a group. */
export function enrollmentId(enrollment: EnrollmentRecord): string {
  return enrollment.kind === "individual" ? enrollment.registrationId : enrollment.enrollmentGroupId;
}
