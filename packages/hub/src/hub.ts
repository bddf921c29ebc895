import { randomBytes } from "node:crypto";
import { certificateCache } from "@rollcall/pki";
import { DpsError, type JsonObject, propertyProblem } from "@rollcall/protocol";
import { admit } from "./admit.js";
import { connect } from "./connect.js";
import { faultGuard } from "./fault-guard.js";
import { Followers } from "./followers.js";
import type { DisconnectReason, Hub, HubConnectRequest, HubDevice } from "./hub-types.js";
import { answerModules, type ModulesContext } from "./modules.js";
import { patchTwin } from "./operator-twin.js";
import type { DeviceStore, HubPorts } from "./ports.js";
import { type Removal, RemovedDevices } from "./removed-devices.js";
import { Sessions } from "./sessions.js";
import { applyPatch, patchReported, readTwin, type TwinContext } from "./twin.js";
import { Watchers } from "./watchers.js";

/** Number of parsed CA certificates in the cache: more than a local service has groups. */
const CACHED_CERTIFICATES = 500;

/** Makes the assigned hub, which serves all linked hubs: a device names its hub. */
export function createHub(ports: HubPorts): Hub {
  const certificates = certificateCache(CACHED_CERTIFICATES);
  const desired = new Watchers<[HubDevice, JsonObject]>();
  const removal = new Watchers<[HubDevice, DisconnectReason]>();
  const removed = new RemovedDevices();
  const random = ports.random ?? randomBytes;
  const context = (): TwinContext => ({
    store: ports.store,
    now: ports.clock(),
    newEtag: () => random(8).toString("base64"),
  });
  const takeAway = async (device: HubDevice, how: Removal) => {
    removed.add(device, how);
    followers?.outdate(device);
    // By the next turn of the loop, a CONNECT accepted before has become a connection; later CONNECTs are refused.
    await new Promise(setImmediate);
    removal.tell(device, how.isRenewal ? "renewed" : "removed");
  };
  const followers = followersOf(ports.store, {
    tell: (device, patch) => desired.tell(device, patch),
    disconnect: (device, reason) => takeAway(device, removalBy(reason)),
  });
  const sessions = sessionsOf(ports, random);
  const decide = (request: HubConnectRequest) => connect(request, { ports, certificates, removed });
  const guard = faultGuard(ports);
  const announce = announcer(followers, desired);
  let telemetryCount = 0;
  return {
    connect: (request) =>
      guard.admission(request.trackingId, () => admit(request, { decide, followers, sessions, removed })),
    keepSubscriptions: (kept, filters, trackingId = "") => guard.kept(trackingId, () => sessions.keep(kept, filters)),
    answerModules: modulesAnswerer({ ports, certificates, removed, random }, { guard, takeAway }),
    twin: (device, trackingId = "") => guard.reply(trackingId, () => readTwin(device, context())),
    patchReported: (device, bytes, { baseVersion, trackingId = "" } = {}) =>
      guard.reply(trackingId, () => patchReported(device, { bytes, baseVersion }, context())),
    async patchDesired(device, patch) {
      const version = await patchDesired(device, patch, context());
      if (version !== undefined) announce(device, patch, version);
      return version;
    },
    async patchTwin(device, patch, ifEtags) {
      const twin = await patchTwin(device, patch, ifEtags, context());
      if (patch.desired) announce(device, patch.desired, twin.desiredVersion);
      return twin;
    },
    async removeDevice(device) {
      if (!(await ports.store.removeDevice(device.hub, device.deviceId))) return false;
      await takeAway(device, { deletedAt: ports.clock() });
      return true;
    },
    disconnect: (device, reason = "removed") => takeAway(device, removalBy(reason)),
    watchRemoved: (watcher) => removal.add(watcher),
    watchDesired: (watcher) => desired.add(watcher),
    countTelemetry: () => void telemetryCount++,
    get telemetryCount() {
      return telemetryCount;
    },
  };
}

function sessionsOf({ store, onFailure }: HubPorts, random: NonNullable<HubPorts["random"]>): Sessions {
  const newId = () => random(9).toString("base64url");
  return new Sessions({ store, newId, onFailure: (error) => onFailure?.(error, "") });
}

const removalBy = (reason: DisconnectReason): Removal => (reason === "renewed" ? { isRenewal: true } : {});

function modulesAnswerer(
  context: Omit<ModulesContext, "takeAway">,
  {
    guard,
    takeAway,
  }: {
    readonly guard: ReturnType<typeof faultGuard>;
    readonly takeAway: (place: HubDevice, how: Removal) => Promise<void>;
  },
): Hub["answerModules"] {
  const whole = {
    ...context,
    takeAway: (place: HubDevice) => takeAway(place, { deletedAt: context.ports.clock() }),
  };
  return (request) => guard.modules(request.trackingId, () => answerModules(request, whole));
}

/** With a shared store, followers put the changes of all processes into one order for each device. */
function announcer(followers: Followers | undefined, desired: Watchers<[HubDevice, JsonObject]>) {
  return (device: HubDevice, patch: JsonObject, version: number) => {
    if (followers) followers.changed(device, { patch, version });
    else desired.tell(device, { ...patch, $version: version });
  };
}

/** Undefined when no other process writes to the store. */
function followersOf(
  store: DeviceStore,
  callbacks: Omit<ConstructorParameters<typeof Followers>[0], "store">,
): Followers | undefined {
  if (!store.watch) return undefined;
  const followers = new Followers({ store, ...callbacks });
  store.watch((change) => followers.heard(change));
  return followers;
}

/** Changes the desired properties; returns the new version, or undefined when the device does not exist. */
async function patchDesired(device: HubDevice, patch: JsonObject, context: TwinContext): Promise<number | undefined> {
  const problem = propertyProblem(patch);
  if (problem !== undefined) throw new DpsError("badRequest", problem);
  const change = await applyPatch("desired", device, { properties: patch }, context);
  return change.kind === "refused" ? refusedDesired(change.reply) : change.version;
}

/** Returns undefined for an unknown device; throws for other errors, which are the operator's. */
function refusedDesired(reply: { readonly status: number; readonly body?: unknown }): undefined {
  if (reply.status === 404) return undefined;
  throw new DpsError(reply.status === 429 ? "conflict" : "badRequest", JSON.stringify(reply.body));
}
