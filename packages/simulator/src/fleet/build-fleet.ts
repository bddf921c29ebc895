import { attestationKindNames } from "@rollcall/protocol";
import type { FleetAttestation, FleetFiles } from "../attestation/proving/fleet-types.js";
import type { DeviceIdentity } from "../attestation/proving/identity.js";
import { seededFraction } from "../attestation/proving/seeded.js";
import { provings } from "../attestation/provings.js";
import type { Fleet, FleetDevice, FleetEnrollment } from "./fleet.js";
import type { ParsedFleet } from "./parse-fleet-file.js";
import type { PlannedDevice } from "./plan-devices.js";
import type { FleetFile } from "./schema.js";

/** Joins plan and files into devices with identities, and the enrollments that they need. */
export function buildFleet({ file, devices }: ParsedFleet, files: FleetFiles): Fleet {
  const suppliers = new Map(attestationKindNames.map((kind) => [kind, provings[kind].supplier({ file, files })]));
  const enrollments = new Map<string, FleetEnrollment>();
  const built = devices.map((device) => {
    const credentials = suppliers.get(device.attestation.type)?.(device);
    if (!credentials) throw new Error(`there are no credentials for ${device.attestation.type}`);
    const { identity, enrolled } = credentials;
    const enrollment = enrollmentOf(device, enrolled);
    const key = `${enrollment.kind} ${enrollment.id}`;
    if (!enrollments.has(key)) enrollments.set(key, enrollment);
    return fleetDevice(file, device, identity);
  });
  return { name: file.name, devices: built, enrollments: [...enrollments.values()] };
}

function fleetDevice(file: FleetFile, device: PlannedDevice, identity: DeviceIdentity): FleetDevice {
  const { index, registrationId, group, transport, payload, desired, expect } = device;
  return {
    index,
    registrationId,
    group,
    attestation: device.attestation.type,
    transport,
    identity,
    ...(payload !== undefined && { payload }),
    desired,
    expect,
    startFraction: seededFraction(file, `start ${index}`),
  };
}

function enrollmentOf(device: PlannedDevice, attestation: FleetAttestation): FleetEnrollment {
  const { registrationId, enrollmentGroupId, desired, tags, allocation, fault } = device;
  return {
    kind: enrollmentGroupId === undefined ? "individual" : "group",
    id: enrollmentGroupId ?? registrationId,
    attestation,
    disabled: fault === "disabled",
    desired,
    tags,
    ...(allocation?.policy !== undefined && { allocationPolicy: allocation.policy }),
    ...(allocation?.webhook !== undefined && { webhookUrl: allocation.webhook }),
    iotHubs: allocation?.hubs ?? [],
  };
}
