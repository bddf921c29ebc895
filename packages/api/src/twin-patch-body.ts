import type { TwinPatch } from "@rollcall/hub";
import { DpsError, type JsonObject } from "@rollcall/protocol";

/** Reads `{properties: {desired}, tags}`, where each member may be absent. Throws DpsError for anything else. */
export function twinPatchOf(body: unknown): TwinPatch {
  const members = objectAt(body, "The body", ["properties", "tags"]);
  const { tags } = members;
  const properties =
    members["properties"] === undefined ? {} : objectAt(members["properties"], "properties", ["desired"]);
  const { desired } = properties;
  if (tags === undefined && desired === undefined) {
    throw new DpsError("badRequest", "The body has neither properties.desired nor tags, so nothing would change.");
  }
  return {
    ...(desired !== undefined && { desired: objectAt(desired, "properties.desired") }),
    ...(tags !== undefined && { tags: objectAt(tags, "tags") }),
  };
}

function objectAt(value: unknown, path: string, known?: readonly string[]): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new DpsError("badRequest", `${path}: is not a JSON object.`, { info: { path } });
  }
  const unknown = known && Object.keys(value).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const hint = unknown === "reported" ? ": only the device changes reported properties" : "";
    throw new DpsError("badRequest", `${path}: ${JSON.stringify(unknown)} cannot be changed here${hint}.`, {
      info: { path },
    });
  }
  // A cast: the value is parsed JSON, and an object.
  return value as JsonObject;
}
