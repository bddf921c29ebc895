import {
  type HubAuthentication,
  type LinkedHub,
  predatesReprovisioning,
  type Substatus,
  type Twin,
} from "@rollcall/protocol";
import type { Assignment, EnrollmentRecord, RegistrationRecord, Store } from "./ports.js";

/** What a registration puts where. */
export interface Placement {
  readonly assignedHub: string;
  readonly deviceId: string;
  readonly substatus: Substatus;
  readonly twin?: Twin;
  readonly removed?: NonNullable<Assignment["removed"]>;
}

/** A device about to be placed. */
export interface PlacementRequest {
  readonly enrollment: EnrollmentRecord;
  readonly deviceId: string;
  readonly hub: LinkedHub;
  readonly existing: RegistrationRecord | undefined;
  readonly now: number;
  readonly etag: () => string;
}

/** The policy in force: migrate unless the enrollment says otherwise; clients of 2018-04-01 and earlier stay (section 8.4). */
export function reprovisionPolicy(
  enrollment: EnrollmentRecord,
  apiVersion: string,
): NonNullable<EnrollmentRecord["reprovisionPolicy"]> {
  if (enrollment.reprovisionPolicy) return enrollment.reprovisionPolicy;
  return { updateHubAssignment: !predatesReprovisioning(apiVersion), migrateDeviceData: true };
}

/** Where an assigned device is now; undefined for one that was never assigned. */
export function currentPlace(existing: RegistrationRecord | undefined): { hub: string; deviceId: string } | undefined {
  const result = existing?.result;
  if (!result?.assignedHub || !result.deviceId) return undefined;
  return { hub: result.assignedHub, deviceId: result.deviceId };
}

/** Decides what registering again does to hub, twin and the identity at the old hub (section 8.4). */
export async function place(request: PlacementRequest, store: Store, apiVersion: string): Promise<Placement> {
  const assignedHub = request.hub.host;
  const { deviceId } = request;
  const current = currentPlace(request.existing);
  if (!current) return { assignedHub, deviceId, substatus: "initialAssignment", twin: initialTwin(request) };
  if (current.hub === assignedHub && current.deviceId === deviceId) {
    const kept = await store.twin(assignedHub, deviceId);
    return {
      assignedHub,
      deviceId,
      substatus: "reprovisionedToInitialAssignment",
      ...(!kept && { twin: initialTwin(request) }),
    };
  }
  const migrate = reprovisionPolicy(request.enrollment, apiVersion).migrateDeviceData;
  const old = migrate ? await store.twin(current.hub, current.deviceId) : undefined;
  const twin = old ? { ...old, hub: assignedHub, deviceId } : initialTwin(request);
  return {
    assignedHub,
    deviceId,
    substatus: migrate ? "deviceDataMigrated" : "deviceDataReset",
    twin,
    removed: current,
  };
}

function initialTwin({ enrollment, hub, deviceId, now, etag }: PlacementRequest): Twin {
  return {
    hub: hub.host,
    deviceId,
    tags: enrollment.initialTwin.tags,
    desired: enrollment.initialTwin.desired,
    desiredVersion: 1,
    desiredUpdatedAt: now,
    reported: {},
    reportedVersion: 1,
    reportedUpdatedAt: now,
    etag: etag(),
  };
}

/** How the hub will know a TPM: by the key in the result's authenticationKey. */
export function tpmHubAuthentication(hubKey: string): HubAuthentication {
  return { type: "symmetricKey", primaryKey: hubKey };
}
