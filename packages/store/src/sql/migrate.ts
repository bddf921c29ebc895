import { type Kysely, sql } from "kysely";
import type { Spelling } from "./dialect.js";
import { migrations } from "./migrations.js";
import type { Schema } from "./schema.js";
import { StoreError } from "./store-error.js";

/**
 * Migrates the schema in one transaction, which locks the row with the schema's version. A node that starts meanwhile
 * waits for that lock, which is released when its owner dies. Kysely's own migrator needs an advisory lock, which not
 * every server that speaks PostgreSQL has. Throws StoreError when the schema is newer than this version.
 */
export async function migrate(database: Kysely<Schema>, spelling: Spelling, place: string): Promise<void> {
  await sql`create table if not exists rollcall_schema (name text primary key, version integer not null)`.execute(
    database,
  );
  await database.transaction().execute(async (transaction) => {
    const row = { name: "schema", version: 0 };
    await transaction
      .insertInto("rollcall_schema")
      .values(row)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    const { version } = await transaction
      .updateTable("rollcall_schema")
      .set((expression) => ({ version: expression.ref("version") }))
      .where("name", "=", row.name)
      .returning("version")
      .executeTakeFirstOrThrow();
    if (version > migrations.length) {
      throw new StoreError(
        "newerSchema",
        `schema ${version} in ${place}; this version knows up to ${migrations.length}`,
      );
    }
    if (version === migrations.length) return;
    for (const step of migrations.slice(version)) await step(transaction, spelling);
    await transaction
      .updateTable("rollcall_schema")
      .set({ version: migrations.length })
      .where("name", "=", row.name)
      .execute();
  });
}
