import type { CertificateCache } from "@rollcall/pki";
import {
  type DeviceIdentity,
  type Finding,
  finding,
  type HubAuthentication,
  type HubSession,
  modulePlace,
} from "@rollcall/protocol";
import { bareHost } from "./bare-host.js";
import type { HubAdmission, HubConnectRequest, HubDevice } from "./hub-types.js";
import { moduleOwner, type Owner } from "./owner.js";
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
  readonly identity?: Owner | undefined;
  /** The device's last session, as the hub kept it. */
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
  const claimed = await claimedIdentity(request, identity, context);
  if ("refusal" in claimed) return refused([claimed.refusal]);
  const findings = [
    ...(identity.status === "disabled"
      ? [finding("hub.deviceDisabled", { values: { deviceId: request.deviceId } })]
      : []),
    ...credentialFindings(request, { ...claimed, hub }, context),
  ];
  // The device existed at the look-up, and may have been removed since.
  const place = { hub, deviceId: claimed.place };
  const removal = removed.removedSince(device, begun) ?? removed.removedSince(place, begun);
  // The device still exists, and is known by another certificate.
  if (removal?.isRenewal) return await connect(request, context);
  if (removal) return refused([goneDevice(place, removal)]);
  return findings.length > 0
    ? refused(findings)
    : { admission: { kind: "accepted", device: place }, identity: claimed.owner, session };
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

/** The device, or the module of it, that a CONNECT claims to be. */
interface Claimed {
  readonly place: string;
  readonly authentication: HubAuthentication;
  /** Behind `{hub}/devices/` in the resource of its token. */
  readonly resource: string;
  readonly owner: Owner;
}

/** A module has credentials of its own: those of its device do not open it, nor the other way round (wire.md#module-identities). */
async function claimedIdentity(
  { deviceId, moduleId }: HubConnectRequest,
  identity: DeviceIdentity,
  { ports }: ConnectContext,
): Promise<Claimed | { readonly refusal: Finding }> {
  if (moduleId === undefined) {
    return { place: deviceId, authentication: identity.authentication, resource: deviceId, owner: identity };
  }
  const { hub } = identity;
  const module = await ports.store.modules.get(hub, deviceId, moduleId);
  if (!module) return { refusal: finding("hub.unknownModule", { values: { hub, deviceId, moduleId }, got: moduleId }) };
  const { authentication } = module;
  const resource = `${deviceId}/modules/${moduleId}`;
  return { place: modulePlace(module), authentication, resource, owner: moduleOwner(identity, module) };
}

function credentialFindings(
  request: HubConnectRequest,
  { authentication, resource, place, hub }: Claimed & { readonly hub: string },
  { ports, certificates }: ConnectContext,
): readonly Finding[] {
  const now = ports.clock();
  if (authentication.type === "symmetricKey") {
    if (request.token === undefined)
      return [credentialMismatch(["the hub expects a token as MQTT password, but the device sent none"])];
    const problems = sasProblems(request.token, { hub, deviceId: resource }, authentication, now);
    return problems.length > 0 ? [credentialMismatch(problems)] : [];
  }
  if (request.token !== undefined)
    return [credentialMismatch(["the hub expects a client certificate, but the device sent a token"])];
  return x509Findings(request.connection.presented(), authentication, { certificates, deviceId: place, now });
}
