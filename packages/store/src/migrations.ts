import { sql, type Transaction } from "kysely";
import { primaryKeys, type Schema, type TableName } from "./schema.js";
import type { Spelling } from "./spelling.js";

type Migration = (transaction: Transaction<Schema>, spelling: Spelling) => Promise<void>;

interface TableOutline {
  readonly name: TableName;
  /** Beside the primary key. */
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

async function createFirstTables(transaction: Transaction<Schema>, { key }: Spelling): Promise<void> {
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
}

/** The schema's version is how many of these have run. Never change one that was released: add another. */
export const migrations: readonly Migration[] = [createFirstTables];
