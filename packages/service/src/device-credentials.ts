import { deviceKeyOf, type EnrollmentRecord, type Store } from "@rollcall/engine";
import type { DeviceCredentials } from "@rollcall/protocol";

/**
 * The credentials with which an operator can set a device up: those of its individual enrollment if it has one; else
 * those of every group with a symmetric key, since such a group accepts any device that has the derived key.
 */
export async function deviceCredentials(store: Store, registrationId: string): Promise<readonly DeviceCredentials[]> {
  const individual = await store.individualEnrollment(registrationId);
  if (individual) return [describe(individual, registrationId)];
  return (await store.symmetricKeyGroups()).map((group) => describe(group, registrationId));
}

function describe(record: EnrollmentRecord, registrationId: string): DeviceCredentials {
  const { kind } = record;
  const id = record.kind === "individual" ? record.registrationId : record.enrollmentGroupId;
  const key = deviceKeyOf(record, registrationId);
  return { kind, id, attestation: record.attestation.type, ...(key !== undefined && { key }) };
}
