import { etagsOf } from "@rollcall/engine";
import { twinDocument, x509Thumbprint } from "@rollcall/hub";
import {
  type DeviceIdentity,
  type DevicePage,
  DpsError,
  formatDate,
  type ListedDevice,
  type ListedHub,
  operatorRoutes,
  type TwinDocument,
} from "@rollcall/protocol";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { OperatorParts } from "./operator-parts.js";
import { ifMatchOf, jsonBody, pageLimit, pathText, queryText } from "./operator-request.js";
import { twinPatchOf } from "./twin-patch-body.js";

/** The operators' routes for hubs, their devices, and the devices' twins. */
export function addHubRoutes(scope: FastifyInstance, parts: OperatorParts): void {
  scope.get(operatorRoutes.listHubs.path, () => listHubs(parts));
  scope.get(operatorRoutes.listDevices.path, (request) => listDevices(request, parts));
  scope.get(operatorRoutes.getTwin.path, async (request) => showTwin(await deviceOf(request, parts), parts));
  scope.patch(operatorRoutes.patchTwin.path, async (request) => {
    const identity = await deviceOf(request, parts);
    const patch = twinPatchOf(await jsonBody(request));
    await parts.hub.patchTwin(identity, patch, etagsOf(ifMatchOf(request)));
    return showTwin(identity, parts);
  });
  scope.delete(operatorRoutes.deleteDevice.path, async (request, reply) => {
    const identity = await deviceOf(request, parts);
    if (!(await parts.hub.removeDevice(identity))) throw noDevice(identity.hub, identity.deviceId);
    return reply.code(204).send();
  });
}

/** Linked hubs, and hubs that are no longer linked but still have devices. */
async function listHubs({ store, hubs }: OperatorParts): Promise<readonly ListedHub[]> {
  const linked = hubs.linked();
  const known = new Set(linked.map((each) => each.host.toLowerCase()));
  const others = (await store.hubsWithDevices()).filter((host) => !known.has(host.toLowerCase()));
  const rows = [
    ...linked.map((hub) => ({ ...hub, linked: true })),
    ...others.map((host) => ({ host, weight: 0, applyAllocationPolicy: false, linked: false })),
  ];
  return Promise.all(rows.map(async (row) => ({ ...row, devices: await store.deviceCount(row.host) })));
}

/** The hub of the path, in the spelling of the linked hub or of its devices. */
async function hubOf(request: FastifyRequest, { store, hubs }: OperatorParts): Promise<string> {
  const wanted = pathText(request, "hub").toLowerCase();
  const isWanted = (host: string) => host.toLowerCase() === wanted;
  const linked = hubs.linked().map((each) => each.host);
  const hub = linked.find(isWanted) ?? (await store.hubsWithDevices()).find(isWanted);
  if (hub !== undefined) return hub;
  throw new DpsError("routeNotFound", `No hub ${pathText(request, "hub")} is linked; linked: ${linked.join(", ")}.`);
}

async function listDevices(request: FastifyRequest, parts: OperatorParts): Promise<DevicePage> {
  const hub = await hubOf(request, parts);
  const limit = pageLimit(request);
  const [search, after] = ["search", "after"].map((name) => queryText(request, name));
  const found = await parts.store.devices(hub, {
    // One entry more than requested shows whether there is a next page.
    limit: limit + 1,
    ...(search !== undefined && { search }),
    ...(after !== undefined && { afterDeviceId: after }),
  });
  const page = found.slice(0, limit);
  const next = found.length > limit ? page.at(-1)?.deviceId : undefined;
  return { items: page.map((identity) => deviceItem(identity, parts)), ...(next !== undefined && { next }) };
}

function deviceItem(identity: DeviceIdentity, { isConnected }: OperatorParts): ListedDevice {
  return {
    deviceId: identity.deviceId,
    registrationId: identity.registrationId,
    authenticationType: identity.authentication.type,
    x509Thumbprint: x509Thumbprint(identity.authentication),
    status: identity.status,
    createdDateTimeUtc: formatDate(new Date(identity.createdAt)),
    iotEdge: identity.iotEdge,
    connectionState: isConnected(identity) ? "Connected" : "Disconnected",
  };
}

async function deviceOf(request: FastifyRequest, parts: OperatorParts): Promise<DeviceIdentity> {
  const hub = await hubOf(request, parts);
  const deviceId = pathText(request, "deviceId");
  const identity = await parts.store.deviceIdentity(hub, deviceId);
  if (identity) return identity;
  throw noDevice(hub, deviceId);
}

const noDevice = (hub: string, deviceId: string) =>
  new DpsError("deviceNotFound", `The hub ${hub} has no device ${deviceId}.`, { info: { hub, deviceId } });

async function showTwin(identity: DeviceIdentity, { store, isConnected }: OperatorParts): Promise<TwinDocument> {
  const twin = await store.twin(identity.hub, identity.deviceId);
  if (!twin) throw noDevice(identity.hub, identity.deviceId);
  return twinDocument({ identity, twin, connected: isConnected(identity) });
}
