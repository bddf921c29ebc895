import type { Assignment, IndividualRecord } from "@rollcall/engine";

export const hub = "hub.example";

export function individualOf(registrationId: string): IndividualRecord {
  return {
    kind: "individual",
    registrationId,
    attestation: { type: "tpm", endorsementKey: "AA==", endorsementKeyHash: registrationId },
    etag: "e0",
    source: { provisioningStatus: "enabled" },
    provisioningStatus: "enabled",
    iotHubs: [],
    iotEdge: false,
    initialTwin: { tags: {}, desired: {} },
    createdAt: 1,
    updatedAt: 1,
  };
}

/**
 * Version n of a device's registration, which replaces version n - 1. Registration, identity and twin all carry the
 * version.
 */
export function assignmentOf(deviceId: string, version: number): Assignment {
  const versions = { desiredVersion: version, desiredUpdatedAt: 1, reportedVersion: 1, reportedUpdatedAt: 1 };
  return {
    registration: {
      registrationId: deviceId,
      enrollment: { kind: "individual", id: deviceId },
      attestation: "tpm",
      operations: [{ id: `4.${version}`, startedAt: 1, readyAt: 1 }],
      result: { status: "assigned", assignedHub: hub, deviceId, substatus: "initialAssignment" },
      createdAt: 1,
      updatedAt: 1,
      etag: `r${version}`,
    },
    identity: {
      hub,
      deviceId,
      registrationId: deviceId,
      authentication: { type: "symmetricKey", primaryKey: "cA==" },
      iotEdge: false,
      status: "enabled",
      createdAt: version,
    },
    twin: { hub, deviceId, tags: {}, desired: {}, reported: {}, ...versions, etag: `t${version}` },
    ...(version > 1 && { expectedEtag: `r${version - 1}` }),
  };
}
