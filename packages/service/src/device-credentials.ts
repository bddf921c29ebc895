import type { EnrollmentRecord, Store } from "@rollcall/engine";
import { type DeviceCredentials, deriveDeviceKey } from "@rollcall/protocol";

/**
 * What an operator needs to set a device up: its own enrollment, which decides alone, else every group with a symmetric
 * key, since those take any device that has the derived key.
 */
export async function deviceCredentials(store: Store, registrationId: string): Promise<readonly DeviceCredentials[]> {
  const individual = await store.individualEnrollment(registrationId);
  if (individual) return [describe(individual, registrationId)];
  return (await store.symmetricKeyGroups()).map((group) => describe(group, registrationId));
}

function describe(record: EnrollmentRecord, registrationId: string): DeviceCredentials {
  const { attestation } = record;
  const kept = attestation.type === "symmetricKey" ? attestation.primaryKey : undefined;
  const about = { attestation: attestation.type, ...(kept !== undefined && { key: kept }) };
  if (record.kind === "individual") return { kind: "individual", id: record.registrationId, ...about };
  const group = { kind: "group", id: record.enrollmentGroupId, attestation: attestation.type } as const;
  if (kept === undefined) return group;
  return { ...group, key: deriveDeviceKey(Buffer.from(kept, "base64"), registrationId).toString("base64") };
}
