import {
  attestationKinds,
  describeIssues,
  enrollmentGroupSchema,
  individualEnrollmentSchema,
  isAttestationKind,
  parseJson,
  type Seed,
  seedSchema,
} from "@rollcall/protocol";
import type { z } from "zod";
import { groupRecord, individualRecord, namedAuthorities } from "../enrollments/enrollment-record.js";
import { EnrollmentError } from "../records/enrollment-error.js";
import { newEtag } from "../wire/etags.js";
import { importError } from "./import-error.js";
import type { ImportOptions, Incoming } from "./import-types.js";
import type { Piece } from "./split-lines.js";

export type WireOptions = Pick<ImportOptions, "store" | "clock" | "random" | "generateKeys">;

/** The entries of an array as `az iot dps enrollment list` and `enrollment-group list` print it. Throws DpsError. */
export async function* readWireList(entries: AsyncIterable<Piece>, options: WireOptions): AsyncGenerator<Incoming> {
  for await (const { line, bytes } of entries) {
    const json = parseJson(bytes);
    if (!json.ok) throw importError(line, `is not JSON: ${json.reason}`);
    yield await readWireEnrollment(line, json.value, options);
  }
}

/**
 * Reads an enrollment or group in the form of the service API and of `az`. Throws DpsError that says what is missing.
 */
export async function readWireEnrollment(
  line: number,
  value: unknown,
  options: WireOptions,
  loneKey?: "generate",
): Promise<Incoming> {
  if (!isWireEnrollment(value)) throw importError(line, "is neither an enrollment nor an enrollment group");
  const isGroup = "enrollmentGroupId" in value;
  const id = String(isGroup ? value.enrollmentGroupId : value.registrationId);
  if (!options.generateKeys && lacksKeys(value.attestation)) {
    const message = `${id} has no symmetric keys (az iot dps enrollment show --show-keys prints them). generateKeys=true makes new keys, which its devices then need`;
    throw importError(line, message, { path: "attestation.symmetricKey", id });
  }
  const { store, random } = options;
  const context = { now: options.clock(), random, etag: () => newEtag(random), ...(loneKey && { loneKey }) };
  try {
    if (isGroup) {
      const group = passed(enrollmentGroupSchema.safeParse(value), line, id);
      const authorities = await namedAuthorities(store, group);
      return { part: "groups", record: groupRecord(group, { ...context, authorities }), line };
    }
    const individual = passed(individualEnrollmentSchema.safeParse(value), line, id);
    const authorities = await namedAuthorities(store, individual);
    return { part: "individuals", record: individualRecord(individual, { ...context, authorities }), line };
  } catch (error) {
    if (!(error instanceof EnrollmentError)) throw error;
    throw importError(line, `${error.message} (${id})`, { path: error.path, id });
  }
}

function passed<T>(parsed: z.ZodSafeParseResult<T>, line: number, id: string): T {
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path.map(String).join(".") ?? "";
  throw importError(line, `${issue?.message ?? "is not an enrollment"} (${id})`, { path, id });
}

interface WireEnrollment {
  readonly registrationId?: unknown;
  readonly enrollmentGroupId?: unknown;
  readonly attestation?: unknown;
}

/** Whether a value looks like an enrollment; the schema checks the rest. */
export function isWireEnrollment(value: unknown): value is WireEnrollment {
  return typeof value === "object" && value !== null && ("registrationId" in value || "enrollmentGroupId" in value);
}

function lacksKeys(attestation: unknown): boolean {
  if (typeof attestation !== "object" || attestation === null) return false;
  const { type, ...mechanism } = attestation as { type?: unknown } & Record<string, unknown>;
  if (!isAttestationKind(type)) return false;
  const [first] = attestationKinds[type].secrets;
  const credentials = mechanism[type] as Record<string, unknown> | null | undefined;
  return first !== undefined && !credentials?.[first];
}

/** The enrollments of a seed file. Missing keys are generated, as with `rollcall start --seed`. Throws DpsError. */
export async function* readSeed(value: unknown, options: WireOptions): AsyncGenerator<Incoming> {
  const parsed = seedSchema.safeParse(value);
  if (!parsed.success) {
    throw importError(
      1,
      `is neither the first line of an export, nor a seed: ${describeIssues(parsed.error).split("\n")[0]}`,
    );
  }
  const seed: Seed = parsed.data;
  const anyKeys = { ...options, generateKeys: true };
  for (const each of seed.enrollments) yield await readWireEnrollment(1, each, anyKeys, "generate");
  for (const each of seed.enrollmentGroups) yield await readWireEnrollment(1, each, anyKeys, "generate");
}
