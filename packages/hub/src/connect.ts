import type { CertificateCache } from "@rollcall/pki";
import { type DeviceIdentity, type Finding, finding } from "@rollcall/protocol";
import { bareHost } from "./bare-host.js";
import type { HubAdmission, HubConnectRequest, HubDevice } from "./hub-types.js";
import type { HubPorts } from "./ports.js";
import type { Removal, RemovedDevices } from "./removed-devices.js";
import { sasProblems } from "./sas-problems.js";
import { x509Problems } from "./x509-problems.js";

/** The context for deciding about a connection. */
export interface ConnectContext {
  readonly ports: HubPorts;
  readonly certificates: CertificateCache;
  readonly removed: RemovedDevices;
}

/** The decision, and the identity on which it is based. */
export interface ConnectDecision {
  readonly admission: HubAdmission;
  readonly identity?: DeviceIdentity | undefined;
}

/** Decides whether a device may connect to its hub (wire.md#hub-connect). Runs every check that is still meaningful. */
export async function connect(request: HubConnectRequest, context: ConnectContext): Promise<ConnectDecision> {
  const { ports, removed } = context;
  const begun = removed.order;
  const linked = ports.hubs.linked().map((each) => each.host);
  const wanted = bareHost(request.hub);
  const hub = linked.find((host) => host.toLowerCase() === wanted);
  if (hub === undefined) {
    const expected = linked.join(", ") || "none";
    return refused([finding("hub.otherHub", { values: { got: request.hub, expected }, expected, got: request.hub })]);
  }
  const identity = await ports.store.deviceIdentity(hub, request.deviceId);
  const device = { hub, deviceId: request.deviceId };
  if (identity?.deviceId !== request.deviceId) {
    return refused([goneDevice(device, removed.removedSince(device, 0), identity)]);
  }
  const findings = [
    ...moduleFindings(request),
    ...(identity.status === "disabled"
      ? [finding("hub.deviceDisabled", { values: { deviceId: request.deviceId } })]
      : []),
    ...credentialFindings(request, { identity, hub }, context),
  ];
  // The device existed at the look-up, and may have been removed since.
  const removal = removed.removedSince(device, begun);
  if (removal) return refused([goneDevice(device, removal)]);
  return findings.length > 0 ? refused(findings) : { admission: { kind: "accepted", device }, identity };
}

function refused(findings: readonly Finding[]): ConnectDecision {
  return { admission: { kind: "refused", reason: "notAuthorized", findings } };
}

/** The finding for a device that is unknown or was removed; `near` has the same id in different case. */
function goneDevice(device: HubDevice, removal: Removal | undefined, near?: DeviceIdentity): Finding {
  const { hub, deviceId } = device;
  if (removal?.deletedAt !== undefined) return deletedDevice(device, removal.deletedAt);
  return finding("hub.unknownDevice", {
    values: { hub, deviceId },
    got: deviceId,
    ...(near && { nearest: near.deviceId }),
  });
}

function deletedDevice({ hub, deviceId }: HubDevice, at: number): Finding {
  return finding("hub.deviceDeleted", { values: { hub, deviceId, at: new Date(at).toISOString() }, got: deviceId });
}

function moduleFindings(request: HubConnectRequest): readonly Finding[] {
  if (request.moduleId === undefined) return [];
  return [finding("hub.modulesUnsupported", { values: { moduleId: request.moduleId }, got: request.moduleId })];
}

function credentialFindings(
  request: HubConnectRequest,
  known: { readonly identity: DeviceIdentity; readonly hub: string },
  context: ConnectContext,
): readonly Finding[] {
  const problems = credentialProblems(request, known, context);
  if (problems.length === 0) return [];
  return [finding("hub.credentialMismatch", { values: { reason: problems.join("; ") }, got: problems.join("; ") })];
}

function credentialProblems(
  request: HubConnectRequest,
  { identity, hub }: { readonly identity: DeviceIdentity; readonly hub: string },
  context: ConnectContext,
): readonly string[] {
  const { authentication } = identity;
  const now = context.ports.clock();
  const { deviceId } = identity;
  if (authentication.type === "symmetricKey") {
    if (request.token === undefined) return ["the hub expects a token as MQTT password, but the device sent none"];
    return sasProblems(request.token, { hub, deviceId }, authentication, now);
  }
  if (request.token !== undefined) return ["the hub expects a client certificate, but the device sent a token"];
  return x509Problems(request.connection.presented(), deviceId, authentication, {
    certificates: context.certificates,
    now,
  });
}
