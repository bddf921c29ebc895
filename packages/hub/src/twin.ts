import {
  isObject,
  type Json,
  type JsonObject,
  limits,
  parseJson,
  propertyProblem,
  type Twin,
} from "@rollcall/protocol";
import { refuse } from "./errors.js";
import type { HubDevice, TwinReply } from "./hub-types.js";
import { mergePatch } from "./merge-patch.js";
import type { DeviceStore } from "./ports.js";

/** The context for changing a twin. */
export interface TwinContext {
  readonly store: DeviceStore;
  readonly now: number;
  readonly newEtag: () => string;
}

/** Number of times that a change is tried when another change came in between. */
const TRIES = 8;

type Section = "desired" | "reported";
type Change =
  | { readonly kind: "changed"; readonly version: number }
  | { readonly kind: "refused"; readonly reply: TwinReply };

/** The reply to `$iothub/twin/GET` (wire.md#hub-topics): both sides with their versions, without tags. */
export async function readTwin(device: HubDevice, context: TwinContext): Promise<TwinReply> {
  const twin = await context.store.twin(device.hub, device.deviceId);
  if (!twin) return noTwin(device, context);
  const desired = { ...twin.desired, $version: twin.desiredVersion };
  const reported = { ...twin.reported, $version: twin.reportedVersion };
  return { status: 200, body: { desired, reported } };
}

/** The reply to `$iothub/twin/PATCH/properties/reported`: 204 and the new version. */
export async function patchReported(
  device: HubDevice,
  patch: { readonly bytes: Uint8Array; readonly baseVersion?: number | undefined },
  context: TwinContext,
): Promise<TwinReply> {
  if (patch.bytes.length > limits.messageBytes) {
    return refuse("tooLarge", `The patch has ${patch.bytes.length} bytes.`, context.now);
  }
  const read = readPatch(patch.bytes);
  if (!read.ok)
    return refuse("badRequest", `The patch of reported properties is refused: ${read.reason}.`, context.now);
  const change = await applyPatch(
    "reported",
    device,
    { properties: read.value, baseVersion: patch.baseVersion },
    context,
  );
  return change.kind === "refused" ? change.reply : { status: 204, version: change.version };
}

function readPatch(bytes: Uint8Array): { ok: true; value: JsonObject } | { ok: false; reason: string } {
  const parsed = parseJson(bytes);
  if (!parsed.ok) return parsed;
  // A cast: JSON.parse returns Json.
  const value = parsed.value as Json | undefined;
  if (!isObject(value)) return { ok: false, reason: "it is not a JSON object" };
  const reason = propertyProblem(value);
  return reason === undefined ? { ok: true, value } : { ok: false, reason };
}

/** Merges a checked patch into one side of the twin; tries again when the twin was changed after it was read. */
export async function applyPatch(
  section: Section,
  device: HubDevice,
  patch: { readonly properties: JsonObject; readonly baseVersion?: number | undefined },
  context: TwinContext,
): Promise<Change> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const twin = await context.store.twin(device.hub, device.deviceId);
    if (!twin) return { kind: "refused", reply: noTwin(device, context) };
    const changed = changedTwin(section, twin, patch, context);
    if ("status" in changed) return { kind: "refused", reply: changed };
    if (await context.store.updateTwin(changed, twin.etag, section)) {
      return { kind: "changed", version: section === "desired" ? changed.desiredVersion : changed.reportedVersion };
    }
  }
  return {
    kind: "refused",
    reply: refuse("busy", "The twin is being changed by other requests; try again.", context.now),
  };
}

function changedTwin(
  section: Section,
  twin: Twin,
  patch: { readonly properties: JsonObject; readonly baseVersion?: number | undefined },
  context: TwinContext,
): Twin | TwinReply {
  const { now } = context;
  const version = section === "desired" ? twin.desiredVersion : twin.reportedVersion;
  if (patch.baseVersion !== undefined && patch.baseVersion !== version) {
    return refuse(
      "preconditionFailed",
      `The ${section} properties have version ${version}, not ${patch.baseVersion}.`,
      now,
    );
  }
  const properties = mergePatch(twin[section], patch.properties);
  const problem = sizeProblem(section, properties) ?? propertyProblem(properties);
  if (problem !== undefined)
    return refuse("badRequest", `The patch of ${section} properties is refused: ${problem}.`, now);
  const etag = context.newEtag();
  if (section === "desired")
    return { ...twin, desired: properties, desiredVersion: version + 1, desiredUpdatedAt: now, etag };
  return { ...twin, reported: properties, reportedVersion: version + 1, reportedUpdatedAt: now, etag };
}

function sizeProblem(section: Section, properties: JsonObject): string | undefined {
  const limit = section === "desired" ? limits.twinDesiredBytes : limits.twinReportedBytes;
  const bytes = Buffer.byteLength(JSON.stringify(properties));
  return bytes > limit ? `together they would have ${bytes} bytes; ${limit} are allowed` : undefined;
}

function noTwin(device: HubDevice, context: TwinContext): TwinReply {
  return refuse("deviceNotFound", `The hub ${device.hub} has no device ${device.deviceId}.`, context.now);
}
