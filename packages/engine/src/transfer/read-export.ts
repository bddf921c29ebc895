import { parseJson, type Twin } from "@rollcall/protocol";
import type { z } from "zod";
import type { RecordProblem } from "../attestation/judging/attestation.js";
import type { CaCertificateRecord, EnrollmentRecord } from "../records/records.js";
import { caCertificateProblem, enrollmentProblem, twinProblem } from "./check-record.js";
import { type ExportKind, exportKinds, READ_VERSIONS } from "./export-records.js";
import { importError } from "./import-error.js";
import type { Incoming } from "./import-types.js";
import { recordSchemas } from "./record-schemas.js";
import type { Piece } from "./split-lines.js";

/** The first line of an export. */
export interface ExportHead {
  readonly kind: "rollcallExport";
  readonly version: number;
  readonly idScope?: string;
}

/** Whether a value is the first line of an export. Throws DpsError for a version that cannot be read. */
export function isExportHead(value: unknown, line: number): value is ExportHead {
  if (typeof value !== "object" || value === null || !("kind" in value) || value.kind !== "rollcallExport")
    return false;
  const version = "version" in value ? value.version : undefined;
  if (READ_VERSIONS.includes(version)) return true;
  throw importError(
    line,
    `belongs to an export of version ${String(version)}; this service reads versions ${READ_VERSIONS.join(" and ")}`,
  );
}

/** The checked records of the lines after the first; the end line is required. Throws DpsError. */
export async function* readExport(lines: AsyncIterable<Piece>): AsyncGenerator<Incoming> {
  let records = 0;
  let last = 1;
  let ended: number | undefined;
  for await (const { line, bytes } of lines) {
    last = line;
    if (ended !== undefined) throw importError(line, `comes after the end line (line ${ended})`);
    const value = parseLine(line, bytes);
    if (value.kind === "end") {
      checkEnd(line, value, records);
      ended = line;
    } else {
      yield readRecord(line, value);
      records++;
    }
  }
  if (ended === undefined)
    throw importError(last, "is the last line, but it is not an end line: the export was cut short");
}

interface Line {
  readonly kind: string;
  readonly record?: unknown;
  readonly records?: unknown;
}

function parseLine(line: number, bytes: Buffer): Line {
  const json = parseJson(bytes);
  if (!json.ok) throw importError(line, `is not JSON: ${json.reason}`);
  const { value } = json;
  if (typeof value === "object" && value !== null && "kind" in value && typeof value.kind === "string") {
    return { ...value, kind: value.kind };
  }
  throw importError(line, 'is not {"kind": …, "record": …}');
}

/** The number reveals lost lines; a person who removes lines on purpose removes the number, too. */
function checkEnd(line: number, { records }: Line, came: number): void {
  if (records === undefined || records === came) return;
  throw importError(line, `says that ${String(records)} records were exported, but ${came} arrived`);
}

function readRecord(line: number, { kind, record }: Line): Incoming {
  if (!isKind(kind)) {
    throw importError(
      line,
      `has the kind ${JSON.stringify(kind.slice(0, 50))}; known kinds are ${Object.keys(exportKinds).join(", ")}`,
    );
  }
  const schema: z.ZodType = recordSchemas[kind];
  const parsed = schema.safeParse(record);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const path = [kind, ...(issue?.path ?? [])].map(String).join(".");
    throw importError(line, issue?.message ?? "is not a record", { path });
  }
  const problem = problemOf(kind, parsed.data);
  if (problem) throw importError(line, problem.message, { path: `${kind}.${problem.path}` });
  // A cast: the schema of the kind has just passed it.
  return { part: exportKinds[kind], record: parsed.data, line } as Incoming;
}

const isKind = (kind: string): kind is ExportKind => Object.hasOwn(exportKinds, kind);

function problemOf(kind: ExportKind, record: unknown): RecordProblem | undefined {
  // Casts: as above.
  if (kind === "twin") return twinProblem(record as Twin);
  if (kind === "caCertificate") return caCertificateProblem(record as CaCertificateRecord);
  if (kind === "individualEnrollment" || kind === "enrollmentGroup")
    return enrollmentProblem(record as EnrollmentRecord);
  return undefined;
}
