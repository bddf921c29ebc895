import { DpsError, type JsonObject, limits, propertyProblem, type Twin } from "@rollcall/protocol";
import type { HubDevice, TwinPatch } from "./hub-types.js";
import { mergePatch } from "./merge-patch.js";
import type { TwinContext } from "./twin.js";

/** Number of times that a change is tried when another change came in between. */
const TRIES = 8;

/** The parts of a twin that an operator changes: their path in the body, and their size limit. */
const parts = {
  desired: { path: "properties.desired", limit: limits.twinDesiredBytes },
  tags: { path: "tags", limit: limits.twinTagsBytes },
} as const;

/**
 * Merges an operator's patch into a twin, completely or not at all; tries again when a device changed the twin
 * meanwhile. Throws DpsError.
 */
export async function patchTwin(
  device: HubDevice,
  patch: TwinPatch,
  ifEtags: readonly string[] | undefined,
  context: TwinContext,
): Promise<Twin> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const twin = await context.store.twin(device.hub, device.deviceId);
    if (!twin) throw new DpsError("deviceNotFound", `The hub ${device.hub} has no device ${device.deviceId}.`);
    if (ifEtags && !ifEtags.includes(twin.etag)) {
      const message = `The twin of ${device.deviceId} changed after you read it (etag mismatch with If-Match). Read it again and retry.`;
      throw new DpsError("preconditionFailed", message, { info: { etag: twin.etag } });
    }
    const changed = patchedTwin(twin, patch, context);
    if (await context.store.updateTwin(changed, twin.etag, patch.desired && "desired")) return changed;
  }
  throw new DpsError("conflict", `The twin of ${device.deviceId} is being changed by other requests; try again.`);
}

function patchedTwin(twin: Twin, patch: TwinPatch, { now, newEtag }: TwinContext): Twin {
  const tags = patch.tags && merged("tags", twin.tags, patch.tags);
  const desired = patch.desired && merged("desired", twin.desired, patch.desired);
  return {
    ...twin,
    ...(tags && { tags }),
    ...(desired && { desired, desiredVersion: twin.desiredVersion + 1, desiredUpdatedAt: now }),
    etag: newEtag(),
  };
}

function merged(part: keyof typeof parts, before: JsonObject, patch: JsonObject): JsonObject {
  const { path, limit } = parts[part];
  // The patch is checked, too: a name that it deletes must be a legal name.
  const after = mergePatch(before, patch);
  const problem = propertyProblem(patch) ?? propertyProblem(after) ?? sizeProblem(after, limit);
  if (problem === undefined) return after;
  throw new DpsError("badRequest", `${path}: ${problem}.`, { info: { path } });
}

function sizeProblem(properties: JsonObject, limit: number): string | undefined {
  const bytes = Buffer.byteLength(JSON.stringify(properties));
  return bytes > limit ? `together they would have ${bytes} bytes; ${limit} are allowed` : undefined;
}
