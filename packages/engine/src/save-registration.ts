import { type DeviceIdentity, dpsErrors, type HubAuthentication, idKey, limits, wireError } from "@rollcall/protocol";
import { allocate } from "./allocate.js";
import type { EngineContext } from "./context.js";
import type { Assignment, EnrollmentRecord, OperationRecord, RegistrationRecord } from "./ports.js";
import { currentPlace, place, reprovisionPolicy, tpmHubAuthentication } from "./reprovision.js";
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

async function assign(
  accepted: Accepted,
  existing: RegistrationRecord | undefined,
  operation: OperationRecord,
  context: EngineContext,
): Promise<Assignment> {
  const { request, enrollment, proof } = accepted;
  const now = operation.startedAt;
  const etag = () => context.etag();
  const base = {
    registrationId: existing?.registrationId ?? request.registrationId,
    enrollment: { kind: enrollment.kind, id: idOf(enrollment) },
    attestation: accepted.attestation,
    operations: [...recentOperations(existing, now), operation],
    createdAt: existing?.createdAt ?? now,
    updatedAt: now,
    etag: etag(),
  };
  const expected = existing && { expectedEtag: existing.etag };
  const allocation = chooseHub(accepted, existing, context);
  if ("finding" in allocation)
    return { registration: failed(base, allocation.finding, existing, accepted), ...expected };

  const deviceId =
    proof.kind === "hubIdentity" ? proof.deviceId : individualDeviceId(enrollment, request.registrationId);
  const kept = keptDeviceId(existing, enrollment, deviceId);
  const placement = await place(
    { enrollment, deviceId: kept, hub: allocation.hub, existing, now, etag },
    context.store,
    request.apiVersion ?? "",
  );
  const hubKey = proof.kind === "tpm" ? context.random(32).toString("base64") : undefined;
  const { assignedHub, substatus } = placement;
  const registration: RegistrationRecord = {
    ...base,
    result: { status: "assigned", assignedHub, deviceId: placement.deviceId, substatus },
    ...(proof.kind === "tpm" &&
      hubKey && {
        tpm: {
          endorsementKey: proof.endorsementKey.toString("base64"),
          storageRootKey: proof.storageRootKey.toString("base64"),
          hubKey,
        },
      }),
  };
  const authentication = proof.kind === "hubIdentity" ? proof.authentication : tpmHubAuthentication(hubKey ?? "");
  const identity = identityOf({
    registration,
    assignedHub,
    deviceId: placement.deviceId,
    authentication,
    enrollment,
    now,
  });
  request.attempt.assignedHub = assignedHub;
  request.attempt.deviceId = placement.deviceId;
  return {
    registration,
    identity,
    ...(placement.twin && { twin: placement.twin }),
    ...(placement.removed && { removed: placement.removed }),
    ...expected,
  };
}

function identityOf(of: {
  registration: RegistrationRecord;
  assignedHub: string;
  deviceId: string;
  authentication: HubAuthentication;
  enrollment: EnrollmentRecord;
  now: number;
}): DeviceIdentity {
  return {
    hub: of.assignedHub,
    deviceId: of.deviceId,
    registrationId: of.registration.registrationId,
    authentication: of.authentication,
    iotEdge: of.enrollment.iotEdge,
    status: "enabled",
    createdAt: of.now,
  };
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
  base: Omit<RegistrationRecord, "result">,
  reason: Extract<ReturnType<typeof allocate>, { finding: unknown }>["finding"],
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

function individualDeviceId(enrollment: EnrollmentRecord, registrationId: string): string {
  if (enrollment.kind === "group") return registrationId;
  return enrollment.deviceId ?? enrollment.registrationId;
}

/** A group device that spells its id in another case is still the device that it was. */
function keptDeviceId(
  existing: RegistrationRecord | undefined,
  enrollment: EnrollmentRecord,
  deviceId: string,
): string {
  const current = currentPlace(existing);
  if (enrollment.kind === "individual" || !current) return deviceId;
  return idKey(current.deviceId) === idKey(deviceId) ? current.deviceId : deviceId;
}
