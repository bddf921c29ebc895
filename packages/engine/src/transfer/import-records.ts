import { DpsError, type ImportResult, idKey } from "@rollcall/protocol";
import type { StoreRecords } from "../records/records.js";
import type { Store } from "../records/store.js";
import { ImportChecks, nameOf } from "./import-checks.js";
import { importError } from "./import-error.js";
import type { ImportOptions, Incoming, Spool } from "./import-types.js";
import { readUpload, type Upload } from "./read-upload.js";
import { splitLines } from "./split-lines.js";

/** Number of records that are looked up, and put, at a time. */
const BATCH = 500;

/** Number of records that were put, by part. */
type Counts = { -readonly [Part in keyof ImportResult["imported"]]: number };

const noCounts = (): Counts => ({
  certificates: 0,
  groups: 0,
  individuals: 0,
  registrations: 0,
  identities: 0,
  twins: 0,
});

const emptyBatch = (): Record<keyof StoreRecords, unknown[]> => ({
  certificates: [],
  groups: [],
  individuals: [],
  registrations: [],
  identities: [],
  twins: [],
});

/**
 * Imports the output of `exportRecords`, enrollments as `az iot dps enrollment list` prints them, or a seed file. Every
 * record is checked before the first record is put; memory grows only with the ids of enrollments. Without `overwrite`,
 * an existing record is a conflict. Records get this instance's ID scope. If somebody creates the same id between the
 * check and the put, the import overwrites it. Throws DpsError.
 */
export async function importRecords(upload: AsyncIterable<Uint8Array>, options: ImportOptions): Promise<ImportResult> {
  const read = await readUpload(upload, options);
  const checks = new ImportChecks();
  let total = 0;
  for await (const batch of batches(read.records)) {
    for (const incoming of batch) checks.add(incoming);
    if (!options.overwrite) await refuseKnown(batch, options.store);
    total += batch.length;
    await options.spool.write(batch.map(({ part, record }) => `${JSON.stringify({ part, record })}\n`).join(""));
  }
  await checks.finish(options.store);
  const imported = await put(options, total);
  return { format: read.format, imported, notes: notes(read, checks, options) };
}

async function* batches<T>(values: AsyncIterable<T>): AsyncGenerator<readonly T[]> {
  let batch: T[] = [];
  for await (const value of values) {
    batch.push(value);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** Throws DpsError that names the first record of a batch that exists already. */
async function refuseKnown(batch: readonly Incoming[], store: Store): Promise<void> {
  const ids = batch.flatMap((each) => (each.part === "individuals" ? [each.record.registrationId] : []));
  const enrolled = new Set(ids.length > 0 ? (await store.enrolledAmong(ids)).map(idKey) : []);
  const known = await Promise.all(
    batch.map(async (each) =>
      each.part === "individuals" ? enrolled.has(idKey(each.record.registrationId)) : isThere(each, store),
    ),
  );
  const first = batch[known.indexOf(true)];
  if (!first) return;
  const { what, id } = nameOf(first);
  const message = `${what} ${id} already exists; overwrite=true replaces it`;
  throw importError(first.line, message, {
    kind: first.part === "groups" ? "groupAlreadyExists" : "alreadyExists",
    id,
  });
}

async function isThere({ part, record }: Incoming, store: Store): Promise<boolean> {
  if (part === "certificates") return (await store.caCertificate(record.name)) !== undefined;
  if (part === "groups") return (await store.enrollmentGroup(record.enrollmentGroupId)) !== undefined;
  if (part === "registrations") return (await store.registration(record.registrationId)) !== undefined;
  if (part === "identities") return (await store.deviceIdentity(record.hub, record.deviceId)) !== undefined;
  if (part === "twins") return (await store.twin(record.hub, record.deviceId)) !== undefined;
  return false;
}

async function put({ store, spool }: ImportOptions, total: number): Promise<Counts> {
  const counts = noCounts();
  let done = 0;
  try {
    for await (const batch of batches(spooled(spool))) {
      const records = emptyBatch();
      for (const { part, record } of batch) records[part].push(record);
      // A cast: these records were checked before they were written to the spool.
      await store.restore(records as StoreRecords);
      for (const { part } of batch) counts[part]++;
      done += batch.length;
    }
  } catch (cause) {
    const message = `The store failed when ${done} of ${total} records were put. Import them again with overwrite=true.`;
    throw new DpsError("internal", message, { cause, info: { put: String(done), of: String(total) } });
  }
  return counts;
}

async function* spooled(spool: Spool): AsyncGenerator<Pick<Incoming, "part" | "record">> {
  // We wrote these lines ourselves.
  for await (const { bytes } of splitLines(spool.read())) yield JSON.parse(bytes.toString()) as Incoming;
}

/** Notes for the person who imports. */
function notes({ format, idScope }: Upload, { hubs }: ImportChecks, options: ImportOptions): readonly string[] {
  const linked = new Set(options.hubs.linked().map((each) => each.host.toLowerCase()));
  const strange = [...hubs].filter((host) => !linked.has(host));
  return [
    ...(idScope !== undefined && idScope !== options.idScope ? [scopeNote(idScope, options.idScope)] : []),
    ...(strange.length > 0
      ? [
          `The records name hubs that are not linked here: ${strange.slice(0, 5).join(", ")}. No device is assigned to them.`,
        ]
      : []),
    ...(format === "list" ? ["The output of az has no assignments, so every device must register once."] : []),
  ];
}

const scopeNote = (from: string, to: string) =>
  `The export came from ID scope ${from}; its records are now under ${to}. Keys are unchanged, but devices name the scope in their tokens: give them the new scope.`;
