import type { EnrollmentRecord, Store } from "@rollcall/engine";
import { type DeviceCredentials, deriveDeviceKey } from "@rollcall/protocol";

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
  const { attestation } = record;
  const primaryKey = attestation.type === "symmetricKey" ? attestation.primaryKey : undefined;
  const about = { attestation: attestation.type, ...(primaryKey !== undefined && { key: primaryKey }) };
  if (record.kind === "individual") return { kind: "individual", id: record.registrationId, ...about };
  const group = { kind: "group", id: record.enrollmentGroupId, attestation: attestation.type } as const;
  if (primaryKey === undefined) return group;
  return { ...group, key: deriveDeviceKey(Buffer.from(primaryKey, "base64"), registrationId).toString("base64") };
}
