import { subjectKey } from "@rollcall/engine";
import { sql, type Transaction } from "kysely";
import type { Spelling } from "./dialect.js";
import { primaryKeys, type Schema, type TableName } from "./schema.js";

type Migration = (transaction: Transaction<Schema>, spelling: Spelling) => Promise<void>;

interface TableOutline {
  readonly name: TableName;
  /** Text columns besides the primary key. */
  readonly texts: readonly string[];
  readonly indexes: readonly (readonly string[])[];
}

const firstTables: readonly TableOutline[] = [
  {
    name: "enrollments",
    texts: ["enrollment_id", "provisioning_status", "etag", "record"],
    indexes: [["kind", "provisioning_status", "enrollment_key"]],
  },
  { name: "look_ups", texts: [], indexes: [["kind", "enrollment_key"]] },
  { name: "ca_certificates", texts: ["etag", "record"], indexes: [] },
  {
    name: "registrations",
    texts: ["enrollment_kind", "enrollment_key", "etag", "record"],
    indexes: [["enrollment_kind", "enrollment_key", "registration_key"]],
  },
  { name: "device_identities", texts: ["registration_key", "record"], indexes: [] },
  { name: "twins", texts: ["etag", "record"], indexes: [] },
];

/**
 * The rows that each tally counts. `what` and `part` are SQL in which `row` stands for the trigger's `new` or `old`.
 */
const firstTallies: readonly { readonly table: TableName; readonly what: string; readonly part: string }[] = [
  { table: "enrollments", what: "row.kind", part: "''" },
  { table: "registrations", what: "'registrations'", part: "''" },
  { table: "ca_certificates", what: "'ca_certificates'", part: "''" },
  { table: "device_identities", what: "'device_identities'", part: "row.hub_key" },
];

async function createTallies(transaction: Transaction<Schema>): Promise<void> {
  await sql`create table tallies (id_scope text not null, what text not null, part text not null, count integer not null,
    primary key (id_scope, what, part)) without rowid`.execute(transaction);
  for (const { table, what, part } of firstTallies) {
    for (const [event, row, step] of [
      ["insert", "new", "1"],
      ["delete", "old", "-1"],
    ] as const) {
      const values = `${row}.id_scope, ${what.replace("row.", `${row}.`)}, ${part.replace("row.", `${row}.`)}, ${step}`;
      // Every part of the text is written in this file.
      await sql
        .raw(
          `create trigger ${table}_${event}_tally after ${event} on ${table} begin
            insert into tallies (id_scope, what, part, count) values (${values})
            on conflict (id_scope, what, part) do update set count = count + excluded.count;
          end`,
        )
        .execute(transaction);
    }
  }
}

async function createFirstTables(transaction: Transaction<Schema>, { key, keepsTallies }: Spelling): Promise<void> {
  for (const { name, texts, indexes } of firstTables) {
    const primary = ["id_scope", ...primaryKeys[name]];
    const columns = [
      ...primary.map((column) => sql`${sql.ref(column)} ${key} not null`),
      ...texts.map((column) => sql`${sql.ref(column)} ${column === "record" ? sql`text` : key} not null`),
      sql`primary key (${sql.join(primary.map((column) => sql.ref(column)))})`,
    ];
    await sql`create table ${sql.table(name)} (${sql.join(columns)})`.execute(transaction);
    for (const index of indexes) {
      const indexed = sql.join(["id_scope", ...index].map((column) => sql.ref(column)));
      const title = sql.ref(`${name}_by_${index[0]}_and_${index[1]}`);
      await sql`create index ${title} on ${sql.table(name)} (${indexed})`.execute(transaction);
    }
  }
  if (keepsTallies) await createTallies(transaction);
}

/** Only for PostgreSQL: one process at a time uses a SQLite file, so that there is no cluster. */
async function createClusterFiles(transaction: Transaction<Schema>, { key, isShared }: Spelling): Promise<void> {
  if (!isShared) return;
  await sql`create table cluster_files (id_scope ${key} not null, file ${key} not null, fingerprint ${key} not null,
    primary key (id_scope, file))`.execute(transaction);
}

async function createModules(transaction: Transaction<Schema>, { key }: Spelling): Promise<void> {
  await sql`create table if not exists module_identities (id_scope ${key} not null, hub_key ${key} not null, device_id ${key} not null,
    module_id ${key} not null, etag ${key} not null, record text not null,
    primary key (id_scope, hub_key, device_id, module_id))`.execute(transaction);
}

async function addSessions(transaction: Transaction<Schema>): Promise<void> {
  await sql`alter table device_identities add column session text not null default ''`.execute(transaction);
}

/**
 * Older versions wrote into the record of an X.509 device the certificates of its individual enrollment, or the CAs of
 * its group. There may be millions of these records, so the database itself rewrites them. The leaf of a group's device
 * is not known: its record gets no thumbprint, and the device registers again.
 */
const selfSignedRecord = {
  sqlite: sql`json_set(record, '$.authentication', json_object('type', 'selfSigned', 'thumbprints', json((
    select json_group_array(value) from json_each(json_array(
      json_extract(record, '$.authentication.primary'), json_extract(record, '$.authentication.secondary')
    )) where value is not null))))`,
  postgres: sql`jsonb_set(record::jsonb, '{authentication}', jsonb_build_object('type', 'selfSigned', 'thumbprints',
    to_jsonb(array_remove(array[
      record::jsonb #>> '{authentication,primary}', record::jsonb #>> '{authentication,secondary}'
    ], null))))::text`,
};

async function writeThumbprints(transaction: Transaction<Schema>, { isShared }: Spelling): Promise<void> {
  const type = isShared
    ? sql`record::jsonb #>> '{authentication,type}'`
    : sql`json_extract(record, '$.authentication.type')`;
  const record = isShared ? selfSignedRecord.postgres : selfSignedRecord.sqlite;
  await sql`update device_identities set record = ${record}
    where ${type} in ('x509Thumbprint', 'x509Authority')`.execute(transaction);
}

/**
 * Subjects were looked up by the bytes of the name; since then by a key that is equal for equal names. The table holds
 * nothing that cannot be derived, and what is there are the bytes.
 */
async function foldSubjects(transaction: Transaction<Schema>): Promise<void> {
  const rows = await transaction.selectFrom("look_ups").selectAll().where("look_up", "=", "subject").execute();
  await transaction.deleteFrom("look_ups").where("look_up", "=", "subject").execute();
  for (const row of rows) {
    await transaction
      .insertInto("look_ups")
      .values({ ...row, value: subjectKey(row.value) })
      // Both certificates of a group may have one name in two encodings.
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

/**
 * The schema's version is the number of migrations that have run. Never change a migration that was released: add a new
 * one.
 */
export const migrations: readonly Migration[] = [
  createFirstTables,
  createClusterFiles,
  foldSubjects,
  createModules,
  addSessions,
  writeThumbprints,
];
