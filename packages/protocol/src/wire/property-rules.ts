import type { Json, JsonObject } from "../facts/json.js";
import { limits } from "../facts/limits.js";

/** Longest name and longest text of a property, in bytes of UTF-8 (IoT Hub, "Understand and use device twins"). */
const MAX_NAME = 1024;
const MAX_TEXT = 4096;
/** Largest whole number; the cloud's store does not preserve larger ones (same page). */
const MAX_INTEGER = 4_503_599_627_370_495;

// Control characters, and characters with a meaning in the query language.
const FORBIDDEN = /[\p{Cc} .$]/u;

/**
 * Returns the first fault of properties in words; undefined when they are valid. Checks names, texts, numbers and depth
 * by the hub's limits; `{"a":{…}}` is one level deep. `root` is the name of the whole in the message.
 */
export function propertyProblem(properties: JsonObject, root = "properties"): string | undefined {
  return membersProblem(properties, root, 0);
}

function membersProblem(value: JsonObject, path: string, depth: number): string | undefined {
  for (const [name, member] of Object.entries(value)) {
    const problem = nameProblem(name, path) ?? valueProblem(member, `${path}.${name}`, depth);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function nameProblem(name: string, path: string): string | undefined {
  if (name === "") return `${path} has a member without a name`;
  if (Buffer.byteLength(name) > MAX_NAME) return `${path} has a name of more than ${MAX_NAME} bytes`;
  if (FORBIDDEN.test(name)) {
    return `${path} has the name ${JSON.stringify(name)}: a dot, $, a space and control characters are not allowed`;
  }
  return undefined;
}

function valueProblem(value: Json, path: string, depth: number): string | undefined {
  if (typeof value === "string") {
    return Buffer.byteLength(value) > MAX_TEXT ? `${path} has more than ${MAX_TEXT} bytes of text` : undefined;
  }
  if (typeof value === "number") return numberProblem(value, path);
  if (typeof value !== "object" || value === null) return undefined;
  if (depth >= limits.twinDepth) return `${path} is nested deeper than ${limits.twinDepth} levels`;
  if (!Array.isArray(value)) return membersProblem(value as JsonObject, path, depth + 1);
  for (const [index, item] of (value as readonly Json[]).entries()) {
    const problem = valueProblem(item, `${path}[${index}]`, depth + 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function numberProblem(value: number, path: string): string | undefined {
  if (!Number.isFinite(value)) return `${path} is a number outside the range of a double`;
  const outside = Number.isInteger(value) && (value > MAX_INTEGER || value < -MAX_INTEGER - 1);
  return outside ? `${path} is a whole number beyond ±${MAX_INTEGER}` : undefined;
}
