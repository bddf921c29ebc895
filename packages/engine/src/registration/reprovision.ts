import {
  type DeviceIdentity,
  idKey,
  type LinkedHub,
  predatesReprovisioning,
  type Substatus,
  type Twin,
} from "@rollcall/protocol";
import { sameHost } from "../allocation/allocate.js";
import type { Assignment, EnrollmentRecord, RegistrationRecord } from "../records/records.js";
import type { Store } from "../records/store.js";

/** The place that a registration gives to a device, and what happens to its former place. */
export interface Placement {
  readonly assignedHub: string;
  readonly deviceId: string;
  readonly substatus: Substatus;
  readonly twin?: Twin;
  /** The device's former place; absent when it has nothing there any more. */
  readonly removed?: NonNullable<Assignment["removed"]>;
  /** The identity that stays this device's: its capabilities move with the data (wire.md#reprovisioning). */
  readonly keeps?: Partial<Pick<DeviceIdentity, "iotEdge" | "status" | "createdAt">>;
}

/** A device that is to be placed. */
export interface PlacementRequest {
  readonly enrollment: EnrollmentRecord;
  readonly registrationId: string;
  readonly deviceId: string;
  readonly hub: LinkedHub;
  readonly existing: RegistrationRecord | undefined;
  /**
   * The twin that a webhook returned: takes precedence over the enrollment's twin and over any migrated twin
   * (wire.md#webhook).
   */
  readonly initialTwin: EnrollmentRecord["initialTwin"] | undefined;
  readonly now: number;
  readonly etag: () => string;
}

/**
 * The policy that applies: migrate unless the enrollment states a different one; clients of 2018-04-01 and earlier keep
 * their hub (wire.md#reprovisioning, wire.md#old-api-versions).
 */
export function reprovisionPolicy(
  enrollment: EnrollmentRecord,
  apiVersion: string,
): NonNullable<EnrollmentRecord["reprovisionPolicy"]> {
  if (enrollment.reprovisionPolicy) return enrollment.reprovisionPolicy;
  return { updateHubAssignment: !predatesReprovisioning(apiVersion), migrateDeviceData: true };
}

/** The current place of an assigned device; undefined if it was never assigned. */
export function currentPlace(existing: RegistrationRecord | undefined): { hub: string; deviceId: string } | undefined {
  const result = existing?.result;
  if (!result?.assignedHub || !result.deviceId) return undefined;
  return { hub: result.assignedHub, deviceId: result.deviceId };
}

/** Decides how registering again affects the hub, the twin and the identity at the old hub (wire.md#reprovisioning). */
export async function place(request: PlacementRequest, store: Store, apiVersion: string): Promise<Placement> {
  const assignedHub = request.hub.host;
  const { deviceId } = request;
  const current = currentPlace(request.existing);
  if (!current) return { assignedHub, deviceId, substatus: "initialAssignment", twin: initialTwin(request) };
  const identity = await ownIdentity(request, current, store);
  if (sameHost(current.hub, assignedHub) && current.deviceId === deviceId) {
    // An operator may have deleted the device at its hub: it is created again, as a new device.
    const kept = identity && (await store.twin(assignedHub, deviceId));
    return {
      assignedHub,
      deviceId,
      substatus: "reprovisionedToInitialAssignment",
      ...(identity && { keeps: { status: identity.status, createdAt: identity.createdAt } }),
      ...(!kept && { twin: initialTwin(request) }),
    };
  }
  const moved = { assignedHub, deviceId, ...(identity && { removed: current }) };
  const migrates = identity && reprovisionPolicy(request.enrollment, apiVersion).migrateDeviceData;
  if (!migrates) return { ...moved, substatus: "deviceDataReset", twin: initialTwin(request) };
  const keeps = { iotEdge: identity.iotEdge, status: identity.status };
  const old = request.initialTwin ? undefined : await store.twin(current.hub, current.deviceId);
  // Without a twin to migrate, or with a webhook's twin in its place, only capabilities migrate.
  if (!old) return { ...moved, keeps, substatus: "deviceDataReset", twin: initialTwin(request) };
  return { ...moved, keeps, substatus: "deviceDataMigrated", twin: { ...old, hub: assignedHub, deviceId } };
}

/**
 * This registration's identity at the hub. A different registration may have taken the device id after an operator
 * deleted it.
 */
async function ownIdentity(
  { registrationId }: PlacementRequest,
  { hub, deviceId }: { readonly hub: string; readonly deviceId: string },
  store: Store,
): Promise<DeviceIdentity | undefined> {
  const identity = await store.deviceIdentity(hub, deviceId);
  return identity && idKey(identity.registrationId) === idKey(registrationId) ? identity : undefined;
}

function initialTwin({ enrollment, initialTwin: given, hub, deviceId, now, etag }: PlacementRequest): Twin {
  const { tags, desired } = given ?? enrollment.initialTwin;
  return {
    hub: hub.host,
    deviceId,
    tags,
    desired,
    desiredVersion: 1,
    desiredUpdatedAt: now,
    reported: {},
    reportedVersion: 1,
    reportedUpdatedAt: now,
    etag: etag(),
  };
}
