import { z } from "zod";
import { errorAnswer } from "../facts/error-body.js";
import type { Json, JsonObject } from "../facts/json.js";
import { limits } from "../facts/limits.js";
import {
  bulkModes,
  enrollmentGroupSchema,
  individualEnrollmentSchema,
  querySpecificationSchema,
} from "../records/enrollments.js";
import { type AnswerContract, type AnswerRoute, answers } from "./contract-answers.js";
import { certificateUpload, endorsementKeyUpload } from "./contract-certificates.js";
import { enrolledGroup, enrolledIndividual } from "./contract-enrollments.js";
import { twinPatch } from "./contract-hubs.js";

/** Request bodies by the specification's names, or ours. Bodies of the service API use the schemas that check them. */
const bodies = {
  IndividualEnrollment: individualEnrollmentSchema,
  EnrollmentGroup: enrollmentGroupSchema,
  QuerySpecification: querySpecificationSchema,
  CertificateUpload: certificateUpload,
  TwinPatch: twinPatch,
  EndorsementKey: endorsementKeyUpload,
} as const;
export type BodySchemaName = keyof typeof bodies | "BulkEnrollmentOperation" | "BulkEnrollmentGroupOperation";

/** JSON Schemas (2020-12) for documents. */
export interface ApiJsonSchemas {
  /** Each request body, and each part of a body or of an answer that has a name. */
  readonly components: Readonly<Record<string, JsonObject>>;
  /** Schemas of the routes' JSON answers. */
  readonly answers: Readonly<Partial<Record<AnswerRoute, JsonObject>>>;
  readonly error: JsonObject;
}

const reference = (name: string): JsonObject => ({ $ref: `#/components/schemas/${name}` });

/** Makes the JSON Schemas of all answers and all request bodies. */
export function apiJsonSchemas(): ApiJsonSchemas {
  const rows: readonly (readonly [string, AnswerContract])[] = Object.entries(answers);
  const withJson = rows.flatMap(([name, { schema }]) => (schema ? [[name, schema] as const] : []));
  const asked = converted(bodies);
  const answered = converted({ ...Object.fromEntries(withJson), Error: errorAnswer });
  const { Error: error = {}, ...routes } = answered.schemas;
  const { IndividualEnrollment, EnrollmentGroup, ...others } = asked.schemas;
  return {
    components: {
      ...asked.parts,
      ...answered.parts,
      ...others,
      IndividualEnrollment: withReadOnly(IndividualEnrollment, answered.parts[nameOf(enrolledIndividual)]),
      EnrollmentGroup: withReadOnly(EnrollmentGroup, answered.parts[nameOf(enrolledGroup)]),
      BulkEnrollmentOperation: bulk("enrollments", "IndividualEnrollment"),
      BulkEnrollmentGroupOperation: bulk("enrollmentGroups", "EnrollmentGroup"),
    },
    answers: routes,
    error,
  };
}

const nameOf = (schema: z.ZodType): string => schema.meta()?.id ?? "";

function bulk(member: string, entry: string): JsonObject {
  const entries = { type: "array", items: reference(entry), minItems: 1, maxItems: limits.bulkEntries };
  return {
    type: "object",
    description: "Each entry succeeds or fails by itself",
    required: ["mode", member],
    properties: { mode: { type: "string", enum: [...bulkModes] }, [member]: entries },
  };
}

/** A body plus the members that only answers have, since SDKs send whole objects back. */
function withReadOnly(body: JsonObject = {}, answer: JsonObject = {}): JsonObject {
  const taken = body["properties"] as JsonObject;
  const answered = Object.entries(answer["properties"] as JsonObject).filter(([name]) => !(name in taken));
  const shown = answered.map(([name, schema]) => [name, { ...(schema as JsonObject), readOnly: true }] as const);
  return { ...body, properties: { ...taken, ...Object.fromEntries(shown) } };
}

interface Converted {
  readonly schemas: Readonly<Record<string, JsonObject>>;
  /** The named parts that the schemas refer to. */
  readonly parts: Readonly<Record<string, JsonObject>>;
}

function converted(schemas: Readonly<Record<string, z.ZodType>>): Converted {
  const whole = z.toJSONSchema(z.object(schemas), {
    io: "input",
    unrepresentable: "any",
    override: ({ jsonSchema }) => withoutNoise(jsonSchema),
  });
  const text = JSON.stringify(whole, (key, value: Json) =>
    key === "id" && typeof value === "string" ? undefined : renamed(value),
  );
  const { properties, $defs = {} } = JSON.parse(text) as Record<"properties" | "$defs", Record<string, JsonObject>>;
  const parts = Object.entries($defs).filter(([part]) => !part.startsWith("__"));
  return { schemas: properties, parts: Object.fromEntries(parts) };
}

/** Removes redundant keywords: the pattern of a date, which its format implies, and the bounds of safe integers. */
function withoutNoise(schema: z.core.JSONSchema.BaseSchema): void {
  if (schema.format === "date-time") delete schema.pattern;
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
}

/** Names the only reference without a name: "any JSON" refers to itself. */
function renamed(value: Json): Json {
  if (typeof value !== "object" || value === null || !("$ref" in value)) return value;
  const { $ref, ...rest } = value;
  const target = String($ref).replace("#/$defs/", "");
  return target.startsWith("__") ? rest : { ...rest, ...reference(target) };
}
