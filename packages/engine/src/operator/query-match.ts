import { type EnrollmentKind, enrollmentKinds, idKey, type Json, type JsonObject } from "@rollcall/protocol";
import type { Comparison, Condition, Literal } from "./query-parser.js";

/** Reads a member of an enrollment by its name. */
export type ReadMember = (name: string) => Json;

/** The value at a path; null when it is absent. */
function valueAt(read: ReadMember, [name = "", ...path]: readonly string[]): Json {
  let value = read(name);
  for (const inner of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, inner)) return null;
    value = (value as JsonObject)[inner] ?? null;
  }
  return value;
}

/**
 * Whether an enrollment, in the form of the service API, meets a condition. Ids are compared without case, other values
 * exactly; values of different types are never equal, and only numbers and texts have an order.
 */
export function meets(read: ReadMember, condition: Condition, kind: EnrollmentKind): boolean {
  if (condition.kind === "and") return condition.of.every((each) => meets(read, each, kind));
  if (condition.kind === "or") return condition.of.some((each) => meets(read, each, kind));
  if (condition.kind === "not") return !meets(read, condition.of, kind);
  const { member, operator, value } = condition;
  const fold = isId(member, kind) ? folded : (each: Json) => each;
  return compare(fold(valueAt(read, member)), operator, fold(value));
}

const folded = (value: Json): Json => (typeof value === "string" ? idKey(value) : value);

/** True for the member with the id of this kind. */
export function isId(member: readonly string[], kind: EnrollmentKind): boolean {
  return member.length === 1 && member[0] === enrollmentKinds[kind].id;
}

function compare(left: Json, operator: Comparison, right: Json): boolean {
  if (operator === "=") return left === right;
  if (operator === "!=" || operator === "<>") return left !== right;
  const ordered =
    (typeof left === "number" && typeof right === "number") || (typeof left === "string" && typeof right === "string");
  if (!ordered) return false;
  if (operator === "<") return left < right;
  if (operator === "<=") return left <= right;
  return operator === ">" ? left > right : left >= right;
}

/** The id that the condition requires, if it requires a single id: then the query is a look-up. */
export function requiredId(condition: Condition | undefined, kind: EnrollmentKind): string | undefined {
  if (!condition) return undefined;
  if (condition.kind === "and") {
    for (const each of condition.of) {
      const id = requiredId(each, kind);
      if (id !== undefined) return id;
    }
  }
  if (condition.kind !== "compare" || condition.operator !== "=" || !isId(condition.member, kind)) return undefined;
  return typeof condition.value === "string" ? condition.value : undefined;
}

/** Whether a condition compares the member at this path, or a member below it. */
export function mentions(condition: Condition | undefined, path: readonly string[]): boolean {
  if (!condition) return false;
  if (condition.kind === "not") return mentions(condition.of, path);
  if (condition.kind !== "compare") return condition.of.some((each) => mentions(each, path));
  return path.every((name, index) => condition.member[index] === name);
}

/** Texts are sorted by this number of characters. */
const SORTED_CHARACTERS = 256;

/** The value by which an enrollment is sorted: anything but texts, numbers and booleans counts as null. */
export function sortValue(read: ReadMember, member: readonly string[], kind: EnrollmentKind): Literal {
  const value = valueAt(read, member);
  if (typeof value === "string") return (isId(member, kind) ? idKey(value) : value).slice(0, SORTED_CHARACTERS);
  return typeof value === "number" || typeof value === "boolean" ? value : null;
}

const rank = (value: Literal) => (value === null ? 0 : ["boolean", "number", "string"].indexOf(typeof value) + 1);

/** Null first, then false, true, numbers, texts by code unit. */
export function compareValues(a: Literal, b: Literal): number {
  const ranks = rank(a) - rank(b);
  if (ranks !== 0 || a === null || b === null || a === b) return ranks;
  return a < b ? -1 : 1;
}
