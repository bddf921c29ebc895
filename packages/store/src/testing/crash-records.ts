import type { Assignment, IndividualRecord } from "@rollcall/engine";
import { type DurableStore, openStore, type SqliteDriverName } from "../index.js";

/** Where a crash test writes. */
export type Place = { readonly directory: string; readonly driver: SqliteDriverName } | { readonly url: string };

/** What the writer is told, as JSON. */
export interface CrashOrder {
  readonly place: Place;
  readonly round: number;
}

export const versionsPerDevice = 3;

export function openPlace(place: Place): Promise<DurableStore> {
  const idScope = "0ne00000000";
  return openStore({ ...("url" in place ? { kind: "postgres", ...place } : { kind: "sqlite", ...place }), idScope });
}

const hub = "hub.example";

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

/** Version n of a device's registration, over version n - 1; registration, identity and twin all say which it is. */
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

export interface Stored {
  readonly enrolled: boolean;
  readonly registration: string | undefined;
  readonly identity: number | undefined;
  readonly twin: string | undefined;
}

/** What a store has of a device. */
export async function storedOf(
  store: {
    individualEnrollment(id: string): Promise<unknown>;
    registration(id: string): Promise<{ readonly etag: string } | undefined>;
    deviceIdentity(hub: string, id: string): Promise<{ readonly createdAt: number } | undefined>;
    twin(hub: string, id: string): Promise<{ readonly etag: string } | undefined>;
  },
  device: string,
): Promise<Stored> {
  return {
    enrolled: (await store.individualEnrollment(device)) !== undefined,
    registration: (await store.registration(device))?.etag,
    identity: (await store.deviceIdentity(hub, device))?.createdAt,
    twin: (await store.twin(hub, device))?.etag,
  };
}
