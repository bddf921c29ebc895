import {
  type BulkMode,
  bulkModes,
  DpsError,
  dpsErrors,
  type EnrollmentKind,
  enrollmentKinds,
  isObject,
  type JsonObject,
  limits,
} from "@rollcall/protocol";
import { badMember } from "./bad-request.js";
import type { EnrollmentOperations } from "./enrollment-operations.js";
import type { BulkError } from "./operator-types.js";

/**
 * Runs a bulk operation (wire.md#bulk): one entry after the other, each independent of the others, in the order of the
 * body.
 */
export async function runBulk(
  kind: EnrollmentKind,
  body: unknown,
  operations: EnrollmentOperations,
): Promise<{ isSuccessful: boolean; errors: readonly BulkError[] }> {
  const { mode, entries } = readBulk(kind, body);
  const errors: BulkError[] = [];
  for (const entry of entries) {
    const error = await runEntry(kind, mode, entry, operations);
    if (error) errors.push(error);
  }
  return { isSuccessful: errors.length === 0, errors };
}

function readBulk(kind: EnrollmentKind, body: unknown): { mode: BulkMode; entries: readonly unknown[] } {
  if (!isObject(body)) throw badMember("", "The body is not a JSON object.");
  const said = body["mode"];
  const mode = bulkModes.find((each) => typeof said === "string" && each.toLowerCase() === said.toLowerCase());
  if (!mode) throw badMember("mode", `must be one of ${bulkModes.join(", ")}`);
  const { collection } = enrollmentKinds[kind];
  const entries: unknown = body[collection];
  if (!Array.isArray(entries)) throw badMember(collection, "is not a list");
  if (entries.length < 1 || entries.length > limits.bulkEntries) {
    throw badMember(collection, `has ${entries.length} entries; 1 to ${limits.bulkEntries} are allowed`);
  }
  return { mode, entries };
}

async function runEntry(
  kind: EnrollmentKind,
  mode: BulkMode,
  entry: unknown,
  operations: EnrollmentOperations,
): Promise<BulkError | undefined> {
  const member = enrollmentKinds[kind].id;
  const said = isObject(entry) ? entry[member] : undefined;
  const id = typeof said === "string" ? said : "";
  try {
    if (!isObject(entry)) throw badMember("", "The entry is not a JSON object.");
    if (typeof said !== "string") throw badMember(member, "is missing");
    await change(mode, id, entry, operations);
    return undefined;
  } catch (error) {
    if (!(error instanceof DpsError)) throw error;
    return { id: id.slice(0, limits.idLength), errorCode: dpsErrors[error.kind].code, errorStatus: error.message };
  }
}

async function change(mode: BulkMode, id: string, entry: JsonObject, operations: EnrollmentOperations): Promise<void> {
  if (mode === "delete") return await operations.remove(id);
  if (mode === "create") await operations.put(id, entry, { wanted: "create" });
  else if (mode === "update") await operations.put(id, entry, { wanted: "update" });
  else {
    const etag = entry["etag"];
    if (typeof etag !== "string") throw badMember("etag", "is missing; the mode updateIfMatchETag compares it");
    await operations.put(id, entry, { wanted: "update", ifMatch: etag });
  }
}
