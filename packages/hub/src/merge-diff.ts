import { isDeepStrictEqual } from "node:util";
import { isObject, type Json, type JsonObject } from "@rollcall/protocol";

/** The merge patch (RFC 7386) that turns `before` into `after`; neither may have null as a member. */
export function mergeDiff(before: JsonObject, after: JsonObject): JsonObject {
  const old = new Map<string, Json>(Object.entries(before));
  const patch: [string, Json][] = [];
  for (const [name, value] of Object.entries(after)) {
    const was = old.get(name);
    old.delete(name);
    if (was !== undefined && isDeepStrictEqual(was, value)) continue;
    patch.push([name, isObject(value) && isObject(was) ? mergeDiff(was, value) : value]);
  }
  for (const name of old.keys()) patch.push([name, null]);
  return Object.fromEntries(patch);
}
