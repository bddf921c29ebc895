import type { JsonObject } from "./json.js";

/** True for a JSON object: not an array, not null. `value` was parsed from JSON. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
