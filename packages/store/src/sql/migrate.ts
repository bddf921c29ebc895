import { type Kysely, sql } from "kysely";
import type { Spelling } from "./dialect.js";
import { migrations } from "./migrations.js";
import type { Schema } from "./schema.js";
import { StoreError } from "./store-error.js";

/**
 * Brings the schema up to date, in one transaction that holds the row with its version. The row is the lock: a node that starts
 * meanwhile waits for it, and it is let go when its holder dies. Kysely's own migrator wants an advisory lock, which not every
 * server that speaks PostgreSQL has.
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
