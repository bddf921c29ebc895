import type { DeviceIdentity, Twin } from "@rollcall/protocol";
import { idKey } from "@rollcall/protocol";
import type { StoreRecords } from "../records/records.js";
import type { Store } from "../records/store.js";

/** Version of the lines that an export holds: raised when an older service could not read them any more. */
const EXPORT_VERSION = 2;
/** Those that are read; version 1 has X.509 devices by what they were enrolled with. */
export const READ_VERSIONS: readonly unknown[] = [1, EXPORT_VERSION];

/** Number of records that are read from the store at a time. */
const PAGE = 500;
/** Characters of one chunk: lines are collected, since a write for each line would be slow. */
const CHUNK = 64 * 1024;

/** The kinds of lines, with the part of `StoreRecords` that they belong to, in the order in which they are written. */
export const exportKinds = {
  caCertificate: "certificates",
  enrollmentGroup: "groups",
  individualEnrollment: "individuals",
  registration: "registrations",
  deviceIdentity: "identities",
  twin: "twins",
} as const satisfies Record<string, keyof StoreRecords>;
export type ExportKind = keyof typeof exportKinds;

interface ExportOptions {
  readonly store: Store;
  readonly idScope: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/**
 * The whole instance as text, one JSON value a line: a first line with version, ID scope and counts, then `{"kind",
 * "record"}` for each record, then an end line with their number, whose absence shows that the text was cut short.
 * Contains every key. Reads page by page, and only as fast as the text is consumed. It is not a snapshot: each record
 * is as it was when its page was read. Registrations are read before devices, so that the devices that they name are
 * included unless deleted meanwhile.
 */
export async function* exportRecords(options: ExportOptions): AsyncGenerator<string> {
  const { store, idScope, now } = options;
  const counts = await store.counts();
  const head = {
    kind: "rollcallExport",
    version: EXPORT_VERSION,
    idScope,
    exportedAt: new Date(now).toISOString(),
    counts,
  };
  let chunk = `${JSON.stringify(head)}\n`;
  let records = 0;
  for await (const [kind, record] of allRecords(store)) {
    chunk += `${JSON.stringify({ kind, record })}\n`;
    records++;
    if (chunk.length < CHUNK) continue;
    yield chunk;
    chunk = "";
  }
  yield `${chunk}${JSON.stringify({ kind: "end", records })}\n`;
}

type Exported = readonly [ExportKind, object];

async function* allRecords(store: Store): AsyncGenerator<Exported> {
  for (const record of await store.caCertificates()) yield ["caCertificate", record];
  const enrolled = { limit: PAGE };
  yield* paged(
    "enrollmentGroup",
    (after) => store.groups({ ...enrolled, ...after }),
    (each) => idKey(each.enrollmentGroupId),
  );
  yield* paged(
    "individualEnrollment",
    (after) => store.individuals({ ...enrolled, ...after }),
    (each) => idKey(each.registrationId),
  );
  yield* paged(
    "registration",
    (after) => store.registrations({ ...enrolled, ...after }),
    (each) => idKey(each.registrationId),
  );
  for (const hub of await store.hubsWithDevices()) yield* devices(store, hub);
}

async function* paged<T extends object>(
  kind: ExportKind,
  read: (after: { readonly after?: string }) => Promise<readonly T[]>,
  keyOf: (record: T) => string,
): AsyncGenerator<Exported> {
  let after: { readonly after?: string } = {};
  for (;;) {
    const page = await read(after);
    for (const record of page) yield [kind, record];
    const last = page.at(-1);
    if (page.length < PAGE || last === undefined) return;
    after = { after: keyOf(last) };
  }
}

async function* devices(store: Store, hub: string): AsyncGenerator<Exported> {
  let afterDeviceId: string | undefined;
  for (;;) {
    const page: readonly DeviceIdentity[] = await store.devices(hub, {
      limit: PAGE,
      ...(afterDeviceId !== undefined && { afterDeviceId }),
    });
    const twins: readonly (Twin | undefined)[] = await Promise.all(page.map((each) => store.twin(hub, each.deviceId)));
    // A device without a twin was deleted after its page was read.
    for (const [at, identity] of page.entries()) if (twins[at]) yield ["deviceIdentity", identity];
    for (const twin of twins) if (twin) yield ["twin", twin];
    afterDeviceId = page.at(-1)?.deviceId;
    if (page.length < PAGE) return;
  }
}
