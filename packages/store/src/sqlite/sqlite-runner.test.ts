import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Kysely, SqliteDialect } from "kysely";
import { afterAll, expect, it } from "vitest";
import { sqliteSpelling } from "../sql/dialect.js";
import { enrolledAmong, putEnrollment } from "../sql/enrollments.js";
import { migrate } from "../sql/migrate.js";
import type { Schema } from "../sql/schema.js";
import { Statements } from "../sql/statement.js";
import type { Work } from "../sql/work.js";
import { individualOf } from "../testing/crash-records.js";
import { connectSqlite } from "./sqlite-drivers.js";
import { SqliteRunner } from "./sqlite-runner.js";

const folder = mkdtempSync(join(tmpdir(), "rollcall-runner-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function open(): Promise<SqliteRunner> {
  const database = await connectSqlite("node-sqlite3-wasm", join(mkdtempSync(join(folder, "data-")), "rollcall.db"));
  await migrate(new Kysely<Schema>({ dialect: new SqliteDialect({ database }) }), sqliteSpelling, "here");
  return new SqliteRunner(database, new Statements(sqliteSpelling, "0ne00000000"));
}

/** Reads until the device exists. Each step takes longer than a read may block the thread. */
function* waitFor(device: string): Work<readonly string[]> {
  for (;;) {
    const found = yield* enrolledAmong([device]);
    if (found.length > 0) return found;
    const start = performance.now();
    while (performance.now() - start < 6);
  }
}

it("a long read lets other work run in between, also writes", async () => {
  const runner = await open();
  const reading = runner.read(waitFor("d"));
  setImmediate(() => runner.run(putEnrollment(individualOf("d"), undefined)));
  expect(await reading).toEqual(["d"]);
  runner.close();
});

it("a long read fails when the store is closed meanwhile", async () => {
  const runner = await open();
  const reading = runner.read(waitFor("d"));
  setImmediate(() => runner.close());
  await expect(reading).rejects.toMatchObject({ name: "StoreError", kind: "closed" });
});
