import type { CertificateCache } from "@rollcall/pki";
import { type DeviceIdentity, type Finding, finding, type HubSession } from "@rollcall/protocol";
import { bareHost } from "./bare-host.js";
import type { HubAdmission, HubConnectRequest, HubDevice } from "./hub-types.js";
import type { HubPorts } from "./ports.js";
import type { Removal, RemovedDevices } from "./removed-devices.js";
import { sasProblems } from "./sas-problems.js";
import { credentialMismatch, x509Findings } from "./x509-problems.js";

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
  /** What the hub kept of the device's last session. */
  readonly session?: HubSession | undefined;
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
  const { identity, session } = (await ports.store.deviceAndSession(hub, request.deviceId)) ?? {};
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
  // It is still there, and known by another certificate.
  if (removal?.isRenewal) return await connect(request, context);
  if (removal) return refused([goneDevice(device, removal)]);
  return findings.length > 0 ? refused(findings) : { admission: { kind: "accepted", device }, identity, session };
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
  { identity, hub }: { readonly identity: DeviceIdentity; readonly hub: string },
  { ports, certificates }: ConnectContext,
): readonly Finding[] {
  const { authentication, deviceId } = identity;
  const now = ports.clock();
  if (authentication.type === "symmetricKey") {
    if (request.token === undefined)
      return [credentialMismatch(["the hub expects a token as MQTT password, but the device sent none"])];
    const problems = sasProblems(request.token, { hub, deviceId }, authentication, now);
    return problems.length > 0 ? [credentialMismatch(problems)] : [];
  }
  if (request.token !== undefined)
    return [credentialMismatch(["the hub expects a client certificate, but the device sent a token"])];
  return x509Findings(request.connection.presented(), authentication, { certificates, deviceId, now });
}
