import type { EnrollmentGroup, IndividualEnrollment } from "@rollcall/protocol";

/** The members that are kept as the operator wrote them. Every other member has its place elsewhere in the record. */
const sourceMembers = [
  "provisioningStatus",
  "deviceId",
  "capabilities",
  "iotHubHostName",
  "iotHubs",
  "allocationPolicy",
  "customAllocationDefinition",
  "optionalDeviceInformation",
  "reprovisionPolicy",
  "credentialPolicyName",
  "namespaceName",
  "certificateAuthorityName",
  "certificatePolicyName",
] as const;

type KnownMember = (typeof sourceMembers)[number];
/** JSON; members that were null are absent. */
export type EnrollmentSource = Pick<IndividualEnrollment, KnownMember>;

/**
 * Copies the members to keep. Unknown members are dropped: if a misspelled member contained a key, it would be shown to
 * everybody.
 */
export function enrollmentSource(enrollment: IndividualEnrollment | EnrollmentGroup): EnrollmentSource {
  const members = sourceMembers.flatMap((name) => {
    const value = enrollment[name];
    return value === null || value === undefined ? [] : [[name, value] as const];
  });
  // Object.fromEntries loses the names; provisioningStatus, the only required one, always has a value.
  return Object.fromEntries(members) as EnrollmentSource;
}
