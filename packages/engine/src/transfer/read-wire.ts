import {
  describeIssues,
  enrollmentGroupSchema,
  individualEnrollmentSchema,
  parseJson,
  type Seed,
  seedSchema,
} from "@rollcall/protocol";
import type { z } from "zod";
import { EnrollmentError, groupRecord, individualRecord, type RecordContext } from "../enrollments.js";
import { importError } from "./import-error.js";
import type { ImportOptions, Incoming } from "./import-types.js";
import type { Piece } from "./split-lines.js";

type WireOptions = Pick<ImportOptions, "clock" | "random" | "etag" | "generateKeys">;

/** The entries of an array as `az iot dps enrollment list` and `enrollment-group list` print it. Throws DpsError. */
export async function* readWireList(entries: AsyncIterable<Piece>, options: WireOptions): AsyncGenerator<Incoming> {
  for await (const { line, bytes } of entries) {
    const json = parseJson(bytes);
    if (!json.ok) throw importError(line, `is no JSON: ${json.reason}`);
    yield readWireEnrollment(line, json.value, options);
  }
}

/** One enrollment or group as the service API and `az` show it. Throws DpsError that says what it lacks. */
export function readWireEnrollment(line: number, value: unknown, options: WireOptions): Incoming {
  if (!isWireEnrollment(value)) throw importError(line, "is neither an enrollment nor an enrollment group");
  const isGroup = "enrollmentGroupId" in value;
  const id = String(isGroup ? value.enrollmentGroupId : value.registrationId);
  const whole = { ...value, attestation: withoutNulls(value.attestation) };
  if (!options.generateKeys && lacksKeys(whole.attestation)) {
    const message = `${id} comes without its symmetric keys (az prints them with --show-keys); generateKeys=true makes new ones, which its devices have to be given`;
    throw importError(line, message, { path: "attestation.symmetricKey", id });
  }
  const context = recordContext(options);
  try {
    if (isGroup) {
      const source = passed(enrollmentGroupSchema.safeParse(whole), line, id);
      return { part: "groups", record: groupRecord(source, context), line };
    }
    const source = passed(individualEnrollmentSchema.safeParse(whole), line, id);
    return { part: "individuals", record: individualRecord(source, context), line };
  } catch (error) {
    if (!(error instanceof EnrollmentError)) throw error;
    throw importError(line, `${error.message} (${id})`, { path: error.path, id });
  }
}

function passed<T>(parsed: z.ZodSafeParseResult<T>, line: number, id: string): T {
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path.map(String).join(".") ?? "";
  throw importError(line, `${issue?.message ?? "is no enrollment"} (${id})`, { path, id });
}

interface WireEnrollment {
  readonly registrationId?: unknown;
  readonly enrollmentGroupId?: unknown;
  readonly attestation?: unknown;
}

/** Whether a value looks like one; the rest is for the schema to say. */
export function isWireEnrollment(value: unknown): value is WireEnrollment {
  return typeof value === "object" && value !== null && ("registrationId" in value || "enrollmentGroupId" in value);
}

/** `az` writes null for what is not there. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value) || typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(members.map(([name, member]) => [name, withoutNulls(member)]));
}

function lacksKeys(attestation: unknown): boolean {
  if (typeof attestation !== "object" || attestation === null) return false;
  const { type, symmetricKey } = attestation as { type?: unknown; symmetricKey?: { primaryKey?: unknown } };
  return type === "symmetricKey" && symmetricKey?.primaryKey === undefined;
}

function recordContext({ clock, random, etag }: WireOptions): RecordContext {
  return { now: clock(), random, etag };
}

/** The enrollments of a seed file. What has no keys gets new ones, as with `rollcall start --seed`. Throws DpsError. */
export function* readSeed(value: unknown, options: WireOptions): Generator<Incoming> {
  const parsed = seedSchema.safeParse(value);
  if (!parsed.success) {
    throw importError(
      1,
      `is neither the first line of an export, nor a seed: ${describeIssues(parsed.error).split("\n")[0]}`,
    );
  }
  const seed: Seed = parsed.data;
  const anyKeys = { ...options, generateKeys: true };
  for (const each of seed.enrollments) yield readWireEnrollment(1, each, anyKeys);
  for (const each of seed.enrollmentGroups) yield readWireEnrollment(1, each, anyKeys);
}
