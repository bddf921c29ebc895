import { z } from "zod";
import {
  bulkModes,
  enrollmentGroupSchema,
  individualEnrollmentSchema,
  querySpecificationSchema,
} from "./enrollments.js";
import type { JsonObject } from "./messages.js";

const bulk = <T extends z.ZodType>(member: string, entry: T) =>
  z.object({ mode: z.enum(bulkModes), [member]: z.array(entry) });

/** Bodies of the service API by the names of the specification. */
const bodies = {
  IndividualEnrollment: individualEnrollmentSchema,
  EnrollmentGroup: enrollmentGroupSchema,
  BulkEnrollmentOperation: bulk("enrollments", individualEnrollmentSchema),
  BulkEnrollmentGroupOperation: bulk("enrollmentGroups", enrollmentGroupSchema),
  QuerySpecification: querySpecificationSchema,
} as const;
export type BodySchemaName = keyof typeof bodies;

/** The JSON Schema (2020-12) of each body, made from what checks it; for documents, so that any JSON is just that. */
export function bodyJsonSchemas(): Readonly<Record<BodySchemaName, JsonObject>> {
  const schemas = Object.entries(bodies).map(([name, schema]) => {
    const text = JSON.stringify(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }), (key, value) => {
      if (key === "$schema" || key === "$defs") return undefined;
      // The only reference is the one of "any JSON" to itself.
      return isReference(value) ? {} : value;
    });
    return [name, JSON.parse(text)];
  });
  return Object.fromEntries(schemas);
}

function isReference(value: unknown): boolean {
  return typeof value === "object" && value !== null && "$ref" in value;
}
