import { z } from "zod";
import {
  bulkModes,
  enrollmentGroupSchema,
  individualEnrollmentSchema,
  querySpecificationSchema,
} from "./enrollments.js";
import { limits } from "./facts/limits.js";
import type { Json, JsonObject } from "./messages.js";

/** Bodies of the service API by the names of the specification, made from what checks them. */
const bodies = {
  IndividualEnrollment: individualEnrollmentSchema,
  EnrollmentGroup: enrollmentGroupSchema,
  QuerySpecification: querySpecificationSchema,
} as const;
export type BodySchemaName = keyof typeof bodies | "BulkEnrollmentOperation" | "BulkEnrollmentGroupOperation";

const reference = (name: string): JsonObject => ({ $ref: `#/components/schemas/${name}` });
const readOnly = (schema: JsonObject): JsonObject => ({ ...schema, readOnly: true });
const dates = {
  createdDateTimeUtc: readOnly({ type: "string", format: "date-time" }),
  lastUpdatedDateTimeUtc: readOnly({ type: "string", format: "date-time" }),
} as const;

function bulk(member: string, entry: string): JsonObject {
  const entries = { type: "array", items: reference(entry), minItems: 1, maxItems: limits.bulkEntries };
  return {
    type: "object",
    description: "Each entry succeeds or fails by itself",
    required: ["mode", member],
    properties: { mode: { type: "string", enum: [...bulkModes] }, [member]: entries },
  };
}

/** An enrollment with the members that only answers have. */
function enrollment(schema: JsonObject | undefined, answered: JsonObject): JsonObject {
  return { ...schema, properties: { ...(schema?.["properties"] as JsonObject), ...answered } };
}

/**
 * The JSON Schema (2020-12) of each body of the service API and of its parts that have names; for documents, so that any JSON is
 * just that. An enrollment refers to `DeviceRegistrationState`, which only answers hold and which is not among them.
 */
export function bodyJsonSchemas(): Readonly<Record<string, JsonObject>> {
  const schemas = Object.assign({}, ...Object.entries(bodies).map(([name, schema]) => named(name, schema)));
  const { IndividualEnrollment, EnrollmentGroup, ...others } = schemas as Readonly<Record<string, JsonObject>>;
  const registrationState = readOnly(reference("DeviceRegistrationState"));
  return {
    ...others,
    IndividualEnrollment: enrollment(IndividualEnrollment, { registrationState, ...dates }),
    EnrollmentGroup: enrollment(EnrollmentGroup, dates),
    BulkEnrollmentOperation: bulk("enrollments", "IndividualEnrollment"),
    BulkEnrollmentGroupOperation: bulk("enrollmentGroups", "EnrollmentGroup"),
  };
}

/** A schema, and those that it refers to, by their names. */
function named(name: string, schema: z.ZodType): Readonly<Record<string, JsonObject>> {
  const text = JSON.stringify(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }), (key, value: Json) =>
    key === "$schema" || (key === "id" && typeof value === "string") ? undefined : renamed(value),
  );
  const { $defs = {}, ...whole } = JSON.parse(text) as { $defs?: Record<string, JsonObject> };
  const parts = Object.entries($defs).filter(([part]) => !part.startsWith("__"));
  return { [name]: whole, ...Object.fromEntries(parts) };
}

/** A reference without a name is the one of "any JSON" to itself. */
function renamed(value: Json): Json {
  if (typeof value !== "object" || value === null || !("$ref" in value)) return value;
  const target = String(value["$ref"]).replace("#/$defs/", "");
  return target.startsWith("__") ? {} : reference(target);
}
