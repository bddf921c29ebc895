import { deriveDeviceKey } from "@rollcall/protocol";
import { createTpm, type TpmHints } from "tpm-js-sim";
import { TpmClient } from "tpm-js-sim/client";
import type { DeviceIdentity } from "../device/identity.js";
import { type FleetFiles, fileNames, readHints, tpmSeed } from "./derive-files.js";
import type { Fleet, FleetAttestation, FleetDevice, FleetEnrollment } from "./fleet.js";
import type { ParsedFleet } from "./parse-fleet-file.js";
import type { PlannedDevice } from "./plan-devices.js";
import type { FleetFile } from "./schema.js";
import { seededBytes, seededFraction } from "./seeded.js";

/** What a device proves itself with, and what its enrollment must hold for that. */
interface Credentials {
  readonly identity: DeviceIdentity;
  readonly enrolled: FleetAttestation;
}

interface Sources {
  readonly file: FleetFile;
  readonly files: FleetFiles;
  readonly hints: Readonly<Record<string, TpmHints>>;
}

/** Puts plan and files together: devices with identities, and the enrollments that they need. */
export function buildFleet({ file, devices }: ParsedFleet, files: FleetFiles): Fleet {
  const sources: Sources = { file, files, hints: readHints(files) };
  const enrollments = new Map<string, FleetEnrollment>();
  const built = devices.map((device) => {
    const { identity, enrolled } = credentialsOf(device, sources);
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

function credentialsOf(device: PlannedDevice, sources: Sources): Credentials {
  const { attestation } = device;
  if (attestation.type === "x509") return x509(device, sources.files);
  if (attestation.type === "tpm") return tpm(device, sources);
  return symmetricKey(device, sources.file);
}

function x509({ registrationId, attestation, fault }: PlannedDevice, files: FleetFiles): Credentials {
  const chainPem = textOf(files, fileNames.chain(registrationId));
  const certificatePem = fault === "omitIntermediate" ? firstCertificate(chainPem) : chainPem;
  const identity = { kind: "x509", certificatePem, keyPem: textOf(files, fileNames.key(registrationId)) } as const;
  if (attestation.type !== "x509" || attestation.enrolled === "individual") {
    const decoy = files.get(fileNames.enrolled(registrationId));
    return { identity, enrolled: { type: "x509", clientCertificatePem: decoy ?? firstCertificate(chainPem) } };
  }
  const signing = attestation.enrolled === "root" ? fileNames.root : fileNames.intermediate;
  return { identity, enrolled: { type: "x509", signingCertificatePem: textOf(files, signing(attestation.ca)) } };
}

const endOfCertificate = "-----END CERTIFICATE-----\n";
const firstCertificate = (pem: string): string => pem.slice(0, pem.indexOf(endOfCertificate) + endOfCertificate.length);

function textOf(files: FleetFiles, name: string): string {
  const text = files.get(name);
  if (text === undefined) throw new Error(`the fleet's files lack ${name}`);
  return text;
}

function symmetricKey({ registrationId, enrollmentGroupId }: PlannedDevice, file: FleetFile): Credentials {
  const owner = enrollmentGroupId === undefined ? `device ${registrationId}` : `group ${enrollmentGroupId}`;
  const primary = seededBytes(file, `primary key of ${owner}`);
  const secondary = seededBytes(file, `secondary key of ${owner}`);
  const key = enrollmentGroupId === undefined ? primary : deriveDeviceKey(primary, registrationId);
  return {
    identity: { kind: "symmetricKey", key: key.toString("base64") },
    enrolled: {
      type: "symmetricKey",
      primaryKey: primary.toString("base64"),
      secondaryKey: secondary.toString("base64"),
    },
  };
}

function tpm({ registrationId }: PlannedDevice, { file, hints }: Sources): Credentials {
  const virtual = createTpm({ seed: tpmSeed(file, registrationId), hints: hints[registrationId] ?? {} });
  const client = new TpmClient((command) => virtual.send(command));
  const endorsementKey = client.endorsementKey().toString("base64");
  return { identity: { kind: "tpm", tpm: client }, enrolled: { type: "tpm", endorsementKey } };
}
