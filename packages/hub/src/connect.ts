import type { CertificateCache } from "@rollcall/pki";
import { type DeviceIdentity, type Finding, finding } from "@rollcall/protocol";
import { bareHost } from "./bare-host.js";
import type { HubAdmission, HubConnectRequest, HubDevice } from "./hub-types.js";
import type { HubPorts } from "./ports.js";
import type { RemovedDevices } from "./removed-devices.js";
import { sasProblems } from "./sas-problems.js";
import { x509Problems } from "./x509-problems.js";

/** What deciding a CONNECT needs of the world. */
export interface ConnectContext {
  readonly ports: HubPorts;
  readonly certificates: CertificateCache;
  readonly removed: RemovedDevices;
}

/** Decides the CONNECT of a device at its hub (section 9.1). Runs every check that still means something. */
export async function connect(request: HubConnectRequest, context: ConnectContext): Promise<HubAdmission> {
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
    const at = removed.removedSince(device, 0);
    return refused([at === undefined ? unknownDevice(hub, request.deviceId, identity) : deletedDevice(device, at)]);
  }
  const findings = [
    ...moduleFindings(request),
    ...(identity.status === "disabled"
      ? [finding("hub.deviceDisabled", { values: { deviceId: request.deviceId } })]
      : []),
    ...credentialFindings(request, { identity, hub }, context),
  ];
  // It was there when it was looked up, and may have been taken away since.
  const at = removed.removedSince(device, begun);
  if (at !== undefined) return refused([deletedDevice(device, at)]);
  return findings.length > 0 ? refused(findings) : { kind: "accepted", device };
}

function refused(findings: readonly Finding[]): HubAdmission {
  return { kind: "refused", connack: 5, findings };
}

function unknownDevice(hub: string, deviceId: string, near: DeviceIdentity | undefined): Finding {
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
    if (request.token === undefined) return ["the hub expects a token as MQTT password, and none came"];
    return sasProblems(request.token, { hub, deviceId }, authentication, now);
  }
  if (request.token !== undefined) return ["the hub expects a client certificate; a token came"];
  return x509Problems(request.connection.presented(), deviceId, authentication, {
    certificates: context.certificates,
    now,
  });
}
