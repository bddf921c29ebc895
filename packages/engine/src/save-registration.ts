import { type DeviceIdentity, dpsErrors, type Finding, finding, idKey, limits, wireError } from "@rollcall/protocol";
import { allocate } from "./allocate.js";
import type { EngineContext } from "./context.js";
import type { Assignment, EnrollmentRecord, OperationRecord, RegistrationRecord } from "./ports.js";
import { currentPlace, type Placement, place, reprovisionPolicy, tpmHubAuthentication } from "./reprovision.js";
import type { AttestationRequest, Proof } from "./verdict.js";

/** A device that was let in. */
export interface Accepted {
  readonly request: AttestationRequest;
  readonly enrollment: EnrollmentRecord;
  readonly proof: Exclude<Proof, { kind: "challenge" }>;
  readonly attestation: RegistrationRecord["attestation"];
}

/** How often a registration that another one overtook is tried again before it is a conflict. */
const TRIES = 5;

/**
 * Allocates, and saves registration, hub identity and twin at once. Undefined when other registrations of the same
 * device kept coming in between.
 */
export async function saveRegistration(
  accepted: Accepted,
  context: EngineContext,
): Promise<{ operation: OperationRecord } | undefined> {
  for (let turn = 0; turn < TRIES; turn++) {
    const existing = await context.store.registration(accepted.request.registrationId);
    const operation = newOperation(context);
    const assignment = await assign(accepted, existing, operation, context);
    if (await context.store.saveAssignment(assignment)) return { operation };
  }
  return undefined;
}

function newOperation(context: EngineContext): OperationRecord {
  const startedAt = context.clock();
  const id = `4.${context.random(8).toString("hex")}.${context.uuid()}`;
  return { id, startedAt, readyAt: startedAt + context.options.assigningForMs };
}

const idOf = (enrollment: EnrollmentRecord) =>
  enrollment.kind === "individual" ? enrollment.registrationId : enrollment.enrollmentGroupId;

function recentOperations(existing: RegistrationRecord | undefined, now: number): readonly OperationRecord[] {
  const young = existing?.operations.filter((each) => each.startedAt > now - limits.operationLifetimeMs) ?? [];
  return young.slice(-(limits.operationsPerRegistration - 1));
}

type Base = Omit<RegistrationRecord, "result">;

async function assign(
  accepted: Accepted,
  existing: RegistrationRecord | undefined,
  operation: OperationRecord,
  context: EngineContext,
): Promise<Assignment> {
  const { request, enrollment } = accepted;
  const now = operation.startedAt;
  const base: Base = {
    registrationId: existing?.registrationId ?? request.registrationId,
    enrollment: { kind: enrollment.kind, id: idOf(enrollment) },
    attestation: accepted.attestation,
    operations: [...recentOperations(existing, now), operation],
    createdAt: existing?.createdAt ?? now,
    updatedAt: now,
    etag: context.etag(),
  };
  const expected = existing && { expectedEtag: existing.etag };
  const allocation = chooseHub(accepted, existing, context);
  if ("finding" in allocation)
    return { registration: failed(base, allocation.finding, existing, accepted), ...expected };
  const deviceId = deviceIdOf(accepted, existing);
  const owner = await ownerOf({ hub: allocation.hub.host, deviceId }, base, context);
  if (owner?.keeps) return { registration: failed(base, taken(owner), existing, accepted), ...expected };
  const wanted = { enrollment, deviceId, hub: allocation.hub, existing, now, etag: () => context.etag() };
  const placement = await place(wanted, context.store, request.apiVersion ?? "");
  request.attempt.assignedHub = placement.assignedHub;
  request.attempt.deviceId = placement.deviceId;
  return {
    ...placed(accepted, base, placement, context),
    ...(owner && { replaces: owner.registrationId }),
    ...expected,
  };
}

/** Registration, identity and twin of a device that has its place. */
function placed(
  { proof, enrollment }: Accepted,
  base: Base,
  placement: Placement,
  context: EngineContext,
): Pick<Assignment, "registration" | "identity" | "twin" | "removed"> {
  const { assignedHub, deviceId, substatus, twin, removed } = placement;
  const tpm = proof.kind === "tpm" ? tpmKeys(proof, context) : undefined;
  const authentication = proof.kind === "hubIdentity" ? proof.authentication : tpmHubAuthentication(tpm?.hubKey ?? "");
  const registration: RegistrationRecord = {
    ...base,
    result: { status: "assigned", assignedHub, deviceId, substatus },
    ...(tpm && { tpm }),
  };
  const identity: DeviceIdentity = {
    hub: assignedHub,
    deviceId,
    registrationId: base.registrationId,
    authentication,
    iotEdge: enrollment.iotEdge,
    status: "enabled",
    createdAt: base.updatedAt,
  };
  return { registration, identity, ...(twin && { twin }), ...(removed && { removed }) };
}

function tpmKeys(
  proof: Extract<Proof, { kind: "tpm" }>,
  context: EngineContext,
): NonNullable<RegistrationRecord["tpm"]> {
  return {
    endorsementKey: proof.endorsementKey.toString("base64"),
    storageRootKey: proof.storageRootKey.toString("base64"),
    hubKey: context.random(32).toString("base64"),
  };
}

interface Owner {
  readonly hub: string;
  readonly deviceId: string;
  readonly registrationId: string;
  /** False when the owner is assigned elsewhere, or forgotten, by now. */
  readonly keeps: boolean;
}

/** Another registration that has this device id at this hub. */
async function ownerOf(
  place: { hub: string; deviceId: string },
  base: Base,
  context: EngineContext,
): Promise<Owner | undefined> {
  const registrationId = (await context.store.deviceIdentity(place.hub, place.deviceId))?.registrationId;
  if (registrationId === undefined || idKey(registrationId) === idKey(base.registrationId)) return undefined;
  const current = currentPlace(await context.store.registration(registrationId));
  return { ...place, registrationId, keeps: current?.hub === place.hub && current.deviceId === place.deviceId };
}

function taken({ hub, deviceId, registrationId }: Owner): Finding {
  const expected = "a device id that no other enrollment has at this hub";
  return finding("hub.deviceIdTaken", { values: { hub, deviceId }, expected, got: `taken by ${registrationId}` });
}

/** The hub of the policy; under "never" the one that the device has, while it is still linked. */
function chooseHub(
  accepted: Accepted,
  existing: RegistrationRecord | undefined,
  context: EngineContext,
): ReturnType<typeof allocate> {
  const { enrollment, request } = accepted;
  const linked = context.hubs.linked();
  const current = currentPlace(existing);
  const stay = current && !reprovisionPolicy(enrollment, request.apiVersion ?? "").updateHubAssignment;
  const hub = stay && linked.find((each) => each.host === current.hub);
  return hub ? { hub } : allocate(enrollment, request.registrationId, linked);
}

function failed(
  base: Base,
  reason: Finding,
  existing: RegistrationRecord | undefined,
  accepted: Accepted,
): RegistrationRecord {
  accepted.request.attempt.add(reason);
  const row = dpsErrors[wireError(reason)];
  const current = currentPlace(existing);
  return {
    ...base,
    result: {
      status: "failed",
      errorCode: row.code,
      errorMessage: reason.title,
      ...(current && { assignedHub: current.hub, deviceId: current.deviceId }),
    },
  };
}

/** As proven, for a group; as the individual enrollment says. */
function deviceIdOf({ enrollment, proof, request }: Accepted, existing: RegistrationRecord | undefined): string {
  if (enrollment.kind === "individual") return enrollment.deviceId ?? enrollment.registrationId;
  return keptDeviceId(existing, proof.kind === "hubIdentity" ? proof.deviceId : request.registrationId);
}

/** A group device that spells its id in another case is still the device that it was. */
function keptDeviceId(existing: RegistrationRecord | undefined, deviceId: string): string {
  const current = currentPlace(existing);
  return current && idKey(current.deviceId) === idKey(deviceId) ? current.deviceId : deviceId;
}
