import { isObject, type JsonObject } from "@rollcall/protocol";
import type { Pair } from "./output.js";

/** Names of an object type's members; for a union, the names of all its types. */
export type NameIn<T> = T extends unknown ? Extract<keyof T, string> : never;

/** Returns a member that is an object; an empty object when the member is absent or has another type. */
export function objectAt<T extends object>(object: T, name: NameIn<T>): JsonObject {
  // As in `textAt`; the objects come from JSON.
  const value = (object as JsonObject)[name];
  return isObject(value) ? value : {};
}

/** A member as text; undefined when it is absent. */
export function textAt<T extends object>(object: T, name: NameIn<T>): string | undefined {
  // For a union, this object's type may lack the member.
  const value = (object as Readonly<Record<string, unknown>>)[name];
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
