import type { EnrollmentGroupInput, IndividualEnrollmentInput, SeedInput } from "@rollcall/protocol";
import type { AttestationRow, EnrolledDevice } from "./attestations.js";

/** Devices with the same kind of attestation. */
export interface Squad {
  readonly row: AttestationRow;
  readonly registrationIds: readonly string[];
  /** Members of their enrollment besides the attestation and the twin. */
  readonly enrollment?: Partial<
    Pick<EnrollmentGroupInput, "provisioningStatus" | "allocationPolicy" | "customAllocationDefinition" | "iotHubs">
  >;
}

export interface FleetDevice extends EnrolledDevice {
  readonly registrationId: string;
  /** The device id of the enrollment; in a group the registration id. */
  readonly deviceId: string;
}

export interface Fleet {
  readonly seed: SeedInput;
  device(registrationId: string): FleetDevice;
}

/** The desired properties that an enrollment of this row prescribes. */
export function desiredOf(row: Pick<AttestationRow, "name">): { interval: number; place: Record<string, string> } {
  return { interval: 5, place: { enrolledAs: row.name, Straße: "nördlich" } };
}

/** Makes every device and the enrollments that expect them. */
export async function enrollFleet(squads: readonly Squad[]): Promise<Fleet> {
  const enrollments: IndividualEnrollmentInput[] = [];
  const enrollmentGroups: EnrollmentGroupInput[] = [];
  const devices = new Map<string, FleetDevice>();
  for (const { row, registrationIds, enrollment } of squads) {
    const prepared = await row.prepare();
    const common = { initialTwin: { tags: { row: row.name }, properties: { desired: desiredOf(row) } }, ...enrollment };
    if (prepared.group) {
      enrollmentGroups.push({ enrollmentGroupId: row.name, attestation: prepared.group, ...common });
    }
    for (const registrationId of registrationIds) {
      const device = await prepared.device(registrationId);
      const deviceId = device.enrollment ? `device-${registrationId}` : registrationId;
      devices.set(registrationId, { ...device, registrationId, deviceId });
      if (device.enrollment) {
        enrollments.push({ registrationId, deviceId, attestation: device.enrollment, ...common });
      }
    }
  }
  return {
    seed: { enrollments, enrollmentGroups },
    device(registrationId) {
      const device = devices.get(registrationId);
      if (!device) throw new Error(`nothing was enrolled for ${registrationId}`);
      return device;
    },
  };
}
