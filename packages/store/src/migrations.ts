import { type RawBuilder, sql, type Transaction } from "kysely";
import type { Schema } from "./schema.js";

/** What the two kinds of database spell differently. */
export interface Dialect {
  /** A key: compared byte by byte, so that order and paging are the same everywhere. */
  readonly key: RawBuilder<unknown>;
}

type Migration = (transaction: Transaction<Schema>, dialect: Dialect) => Promise<void>;

interface TableOutline {
  readonly name: keyof Schema;
  /** The primary key, after the id scope. */
  readonly keys: readonly string[];
  readonly texts?: readonly string[];
  readonly index?: readonly string[];
}

const firstTables: readonly TableOutline[] = [
  { name: "individual_enrollments", keys: ["registration_key"], texts: ["registration_id", "etag", "record"] },
  { name: "leaf_certificates", keys: ["thumbprint", "registration_key"], index: ["registration_key"] },
  { name: "endorsement_keys", keys: ["hash", "registration_key"], index: ["registration_key"] },
  { name: "enrollment_groups", keys: ["group_key"], texts: ["attestation", "etag", "record"], index: ["attestation"] },
  { name: "group_certificates", keys: ["thumbprint", "group_key"], index: ["group_key"] },
  { name: "group_subjects", keys: ["subject", "group_key"], index: ["group_key"] },
  {
    name: "registrations",
    keys: ["registration_key"],
    texts: ["enrollment_kind", "enrollment_key", "etag", "record"],
    index: ["enrollment_kind", "enrollment_key"],
  },
  { name: "device_identities", keys: ["hub_key", "device_id"], texts: ["registration_key", "record"] },
  { name: "twins", keys: ["hub_key", "device_id"], texts: ["etag", "record"] },
];

async function createFirstTables(transaction: Transaction<Schema>, { key }: Dialect): Promise<void> {
  for (const { name, keys, texts = [], index } of firstTables) {
    const primary = ["id_scope", ...keys];
    const columns = [
      ...primary.map((column) => sql`${sql.ref(column)} ${key} not null`),
      ...texts.map((column) => sql`${sql.ref(column)} ${column === "record" ? sql`text` : key} not null`),
      sql`primary key (${sql.join(primary.map((column) => sql.ref(column)))})`,
    ];
    await sql`create table ${sql.table(name)} (${sql.join(columns)})`.execute(transaction);
    if (!index) continue;
    const indexed = ["id_scope", ...index].map((column) => sql.ref(column));
    await sql`create index ${sql.ref(`${name}_by_${index.at(-1)}`)} on ${sql.table(name)} (${sql.join(indexed)})`.execute(
      transaction,
    );
  }
}

/** The schema's version is how many of these have run. Never change one that was released: add another. */
export const migrations: readonly Migration[] = [createFirstTables];
