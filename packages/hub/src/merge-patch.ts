import { isObject, type Json, type JsonObject } from "@rollcall/protocol";

/**
 * JSON merge patch (RFC 7386): null deletes, objects merge, everything else replaces. Members are copied as entries,
 * never assigned: a member named `__proto__` stays plain data and does not change a prototype.
 */
export function mergePatch(target: JsonObject, patch: JsonObject): JsonObject {
  const members = new Map<string, Json>(Object.entries(target));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) {
      members.delete(name);
      continue;
    }
    const before = members.get(name);
    members.set(name, isObject(value) ? mergePatch(isObject(before) ? before : {}, value) : value);
  }
  return Object.fromEntries(members);
}
