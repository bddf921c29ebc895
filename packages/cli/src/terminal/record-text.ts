import { isObject, type JsonObject } from "@rollcall/protocol";
import type { Pair } from "./output.js";

/** The members of an object, or of any of several. */
export type NameIn<T> = T extends unknown ? Extract<keyof T, string> : never;

/** A member that is an object; an empty one where it is absent or something else. */
export function objectAt<T extends object>(object: T, name: NameIn<T>): JsonObject {
  // As in `textAt`; what is read here is JSON.
  const value = (object as JsonObject)[name];
  return isObject(value) ? value : {};
}

/** A member as a person reads it; undefined where it is absent. */
export function textAt<T extends object>(object: T, name: NameIn<T>): string | undefined {
  // Of several kinds of object, this one may be of a kind that has no such member.
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
