import type { EnrollmentGroup, IndividualEnrollment } from "@rollcall/protocol";

/** What is kept as the operator said it. The rest of an enrollment is in the members of its record, each once. */
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
/** JSON; members that were absent or null are absent. */
export type EnrollmentSource = Pick<IndividualEnrollment, KnownMember>;

/** Takes what is kept. Unknown members are dropped: a key in a misspelled one would be shown to everybody. */
export function enrollmentSource(enrollment: IndividualEnrollment | EnrollmentGroup): EnrollmentSource {
  const members = sourceMembers.flatMap((name) => {
    const value = enrollment[name];
    return value === null || value === undefined ? [] : [[name, value] as const];
  });
  // Object.fromEntries loses the names; provisioningStatus, the only required one, always has a value.
  return Object.fromEntries(members) as EnrollmentSource;
}
