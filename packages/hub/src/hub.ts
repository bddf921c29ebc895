import { randomBytes } from "node:crypto";
import { certificateCache } from "@rollcall/pki";
import { DpsError, type JsonObject, propertyProblem } from "@rollcall/protocol";
import { connect } from "./connect.js";
import type { Hub, HubDevice } from "./hub-types.js";
import type { HubPorts } from "./ports.js";
import { applyPatch, patchReported, readTwin, type TwinContext } from "./twin.js";

/** CA certificates kept parsed: more than a local service has groups. */
const CACHED_CERTIFICATES = 500;

/** Makes the assigned hub, or rather all linked ones: a device names the one it wants. */
export function createHub(ports: HubPorts): Hub {
  const certificates = certificateCache(CACHED_CERTIFICATES);
  const watchers = new Set<(device: HubDevice, patch: JsonObject) => void>();
  const random = ports.random ?? randomBytes;
  const context = (): TwinContext => ({
    store: ports.store,
    now: ports.clock(),
    newEtag: () => random(8).toString("base64"),
  });
  let telemetryCount = 0;
  return {
    connect: (request) => connect(request, { ports, certificates }),
    twin: (device) => readTwin(device, context()),
    patchReported: (device, bytes, baseVersion) => patchReported(device, { bytes, baseVersion }, context()),
    async patchDesired(device, patch) {
      const problem = propertyProblem(patch);
      if (problem !== undefined) throw new DpsError("badRequest", problem);
      const change = await applyPatch("desired", device, { properties: patch }, context());
      if (change.kind === "refused") return refusedDesired(change.reply);
      for (const watcher of watchers) watcher(device, { ...patch, $version: change.version });
      return change.version;
    },
    watchDesired(watcher) {
      // A function of its own for each call, so that one watcher may watch twice and stop once.
      const entry = (device: HubDevice, patch: JsonObject) => watcher(device, patch);
      watchers.add(entry);
      return () => void watchers.delete(entry);
    },
    countTelemetry() {
      telemetryCount++;
    },
    get telemetryCount() {
      return telemetryCount;
    },
  };
}

/** An unknown device has no version; anything else that the operator sent wrong is his to hear. */
function refusedDesired(reply: { readonly status: number; readonly body?: unknown }): undefined {
  if (reply.status === 404) return undefined;
  throw new DpsError(reply.status === 429 ? "conflict" : "badRequest", JSON.stringify(reply.body));
}
