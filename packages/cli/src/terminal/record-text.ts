import { isObject, type JsonObject } from "@rollcall/protocol";
import type { Pair } from "./output.js";

/** A member that is an object; an empty one where it is absent or something else. */
export const objectAt = (object: JsonObject, name: string): JsonObject => {
  const value = object[name];
  return isObject(value) ? value : {};
};

/** A member as a person reads it; undefined where it is absent. */
export function textAt(object: JsonObject, name: string): string | undefined {
  const value = object[name];
  if (value === undefined || value === null) return undefined;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** A date of the service (seven fractional digits), or of the management plane (RFC 1123), to the second. */
export function shortDate(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? text : date.toISOString().replace(/\.\d+Z$/, "Z");
}

/** A date for a column: to the minute, `2026-11-25T21:15Z`. */
export const minuteOf = (text: string | undefined): string | undefined => shortDate(text)?.replace(/:\d\dZ$/, "Z");

/** Leaves out what is absent or empty. */
export function known(rows: readonly (readonly [string, string | undefined, "long"?])[]): Pair[] {
  return rows.flatMap(([name, value, extent]) =>
    value === undefined || value === "" ? [] : [extent ? [name, value, extent] : ([name, value] as const)],
  );
}
