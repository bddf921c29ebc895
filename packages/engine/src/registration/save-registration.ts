import {
  type DeviceIdentity,
  dpsErrors,
  endsConnections,
  type Finding,
  finding,
  idKey,
  type JsonObject,
  limits,
  wireError,
} from "@rollcall/protocol";
import { type Allocation, sameHost } from "../allocation/allocate.js";
import { CustomAllocation } from "../allocation/custom-allocation.js";
import { attestations } from "../attestation/attestations.js";
import { enrollmentId } from "../records/enrollment-id.js";
import type { Assignment, OperationRecord, RegistrationRecord } from "../records/records.js";
import { chooseHub } from "./choose-hub.js";
import type { EngineContext, HubPlace } from "./context.js";
import { type Accepted, judgeAgain } from "./judge-again.js";
import { currentPlace, type Placement, place } from "./reprovision.js";

/** Number of times that a registration is tried when another write wins, before it becomes a conflict. */
const TRIES = 5;

/** The operation of a saved registration, whatever its result; or the reason why it was refused. */
export type Saved = { readonly operation: OperationRecord } | { readonly refusal: Finding };

/** Allocates a hub, and saves registration, hub identity and twin in one transaction. */
export async function saveRegistration(admitted: Accepted, context: EngineContext): Promise<Saved> {
  const { registrationId } = admitted.request;
  const custom = new CustomAllocation({ allocator: context.options.allocator, certificates: context.certificates });
  let accepted = admitted;
  for (let turn = 0; turn < TRIES; turn++) {
    // Another write won. It may have been an operator who deleted or changed the enrollment, so check it again before
    // retrying.
    const still = turn === 0 ? accepted : await judgeAgain(accepted, context);
    if ("refusal" in still) return still;
    accepted = still;
    const existing = await context.store.registration(registrationId);
    const allocation = await chooseHub(accepted, existing, custom, context);
    const operation = newOperation(context);
    const { assignment, reason } = await assign(accepted, { existing, allocation, operation }, context);
    if (!(await context.store.saveAssignment(assignment))) continue;
    noteSaved(accepted, assignment, reason);
    for (const place of placesTaken(assignment)) await context.options.onRemoved?.(place, "removed");
    const { identity, renews } = assignment;
    if (identity && renews) await context.options.onRemoved?.(identity, "renewed");
    return { operation };
  }
  return { refusal: conflict(await context.store.registration(registrationId), context) };
}

/** Records the outcome only after a successful save; the result of a lost attempt is discarded. */
function noteSaved(
  { request: { attempt } }: Accepted,
  { registration }: Assignment,
  reason: Finding | undefined,
): void {
  const { result } = registration;
  if (reason) attempt.add(reason);
  if (result.status !== "assigned") return;
  attempt.assignedHub = result.assignedHub;
  attempt.deviceId = result.deviceId;
}

/** The places at hubs whose former devices may still be connected there. */
function placesTaken({ removed, replaces, identity }: Assignment): readonly HubPlace[] {
  return [...(removed ? [removed] : []), ...(replaces !== undefined && identity ? [identity] : [])];
}

function conflict(existing: RegistrationRecord | undefined, context: EngineContext): Finding {
  const last = existing?.operations.at(-1);
  const values = { operationId: last?.id ?? "?", ageMs: last ? context.clock() - last.startedAt : "?" };
  return finding("registration.conflict", {
    values,
    expected: "one registration of a device at a time",
    got: `${TRIES} other registrations, one after another`,
  });
}

function newOperation(context: EngineContext): OperationRecord {
  const startedAt = context.clock();
  const id = `4.${context.random(8).toString("hex")}.${context.uuid()}`;
  return { id, startedAt, readyAt: startedAt + context.options.assigningForMs };
}

function recentOperations(existing: RegistrationRecord | undefined, now: number): readonly OperationRecord[] {
  const young = existing?.operations.filter((each) => each.startedAt > now - limits.operationLifetimeMs) ?? [];
  return young.slice(-(limits.operationsPerRegistration - 1));
}

type Base = Omit<RegistrationRecord, "result">;

/** The state from which a registration is made. */
interface Turn {
  readonly existing: RegistrationRecord | undefined;
  readonly allocation: Allocation;
  readonly operation: OperationRecord;
}

/** The assignment to save; with the reason if the registration failed. */
interface Assigned {
  readonly assignment: Assignment;
  readonly reason?: Finding;
}

async function assign(accepted: Accepted, turn: Turn, context: EngineContext): Promise<Assigned> {
  const { request, enrollment } = accepted;
  const { existing, allocation, operation } = turn;
  const now = operation.startedAt;
  const base: Base = {
    registrationId: existing?.registrationId ?? request.registrationId,
    enrollment: { kind: enrollment.kind, id: enrollmentId(enrollment) },
    attestation: accepted.attestation,
    operations: [...recentOperations(existing, now), operation],
    createdAt: existing?.createdAt ?? now,
    updatedAt: now,
    etag: context.etag(),
  };
  const expected = { enrollmentEtag: enrollment.etag, ...(existing && { expectedEtag: existing.etag }) };
  const fail = (reason: Finding, wireMessage?: string) => ({
    assignment: { registration: failed(base, { reason, wireMessage }, existing), ...expected },
    reason,
  });
  if ("finding" in allocation) return fail(allocation.finding, allocation.wireMessage);
  const { hub, initialTwin, payload } = allocation;
  const deviceId = deviceIdOf(accepted, existing);
  const present = await context.store.deviceIdentity(hub.host, deviceId);
  const owner = await ownerOf(present, base, context);
  if (owner?.keeps) return fail(taken(owner));
  const { registrationId } = base;
  const wanted = { enrollment, registrationId, deviceId, hub, existing, initialTwin, now, etag: () => context.etag() };
  const placement = await place(wanted, context.store, request.apiVersion ?? "");
  const saved = placed(accepted, { base, placement, payload }, context);
  const renews = !owner && present && endsConnections(present.authentication, saved.identity.authentication);
  const assignment = {
    ...saved,
    ...(renews && { renews }),
    ...(owner && { replaces: owner.registrationId }),
    ...expected,
  };
  return { assignment };
}

/** Makes registration, identity and twin of a device that has its place. */
function placed(
  { proof, enrollment, attestation }: Accepted,
  { base, placement, payload }: { base: Base; placement: Placement; payload: JsonObject | undefined },
  context: EngineContext,
): Pick<Assignment, "registration" | "twin" | "removed"> & { readonly identity: DeviceIdentity } {
  const { assignedHub, deviceId, substatus, twin, removed, keeps } = placement;
  const { authentication, kept } = attestations[attestation].finish.hubAccess(proof, context.random);
  const registration: RegistrationRecord = {
    ...base,
    result: { status: "assigned", assignedHub, deviceId, substatus, ...(payload && { payload }) },
    ...kept,
  };
  const identity: DeviceIdentity = {
    hub: assignedHub,
    deviceId,
    registrationId: base.registrationId,
    authentication,
    iotEdge: enrollment.iotEdge,
    status: "enabled",
    createdAt: base.updatedAt,
    ...keeps,
  };
  return { registration, identity, ...(twin && { twin }), ...(removed && { removed }) };
}

interface Owner {
  readonly hub: string;
  readonly deviceId: string;
  readonly registrationId: string;
  /** False when the owner has been assigned elsewhere or was forgotten. */
  readonly keeps: boolean;
}

/** The other registration that has this device id at this hub. */
async function ownerOf(
  present: DeviceIdentity | undefined,
  base: Base,
  context: EngineContext,
): Promise<Owner | undefined> {
  if (!present || idKey(present.registrationId) === idKey(base.registrationId)) return undefined;
  const { hub, deviceId, registrationId } = present;
  const current = currentPlace(await context.store.registration(registrationId));
  return {
    ...{ hub, deviceId, registrationId },
    keeps: current !== undefined && sameHost(current.hub, hub) && current.deviceId === deviceId,
  };
}

function taken({ hub, deviceId, registrationId }: Owner): Finding {
  const expected = "a device id that no other enrollment has at this hub";
  return finding("hub.deviceIdTaken", { values: { hub, deviceId }, expected, got: `taken by ${registrationId}` });
}

/** The record of a failed registration. The device gets the message of the cloud; the finding, for people, stays in the attempt. */
function failed(
  base: Base,
  { reason, wireMessage }: { readonly reason: Finding; readonly wireMessage: string | undefined },
  existing: RegistrationRecord | undefined,
): RegistrationRecord {
  const row = dpsErrors[wireError(reason)];
  const current = currentPlace(existing);
  return {
    ...base,
    result: {
      status: "failed",
      errorCode: row.code,
      errorMessage: wireMessage ?? row.message,
      ...(current && { assignedHub: current.hub, deviceId: current.deviceId }),
    },
  };
}

/** The device id: the enrollment's for an individual enrollment, the proven one for a group. */
function deviceIdOf({ enrollment, proof, request }: Accepted, existing: RegistrationRecord | undefined): string {
  if (enrollment.kind === "individual") return enrollment.deviceId ?? enrollment.registrationId;
  return keptDeviceId(existing, proof.kind === "hubIdentity" ? proof.deviceId : request.registrationId);
}

/** A group device that spells its id with different case is still the same device. */
function keptDeviceId(existing: RegistrationRecord | undefined, deviceId: string): string {
  const current = currentPlace(existing);
  return current && idKey(current.deviceId) === idKey(deviceId) ? current.deviceId : deviceId;
}
