import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SqliteDatabase } from "kysely";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStore } from "../index.js";
import { connectSqlite } from "../sqlite/sqlite-drivers.js";
import { manyRecords } from "../testing/many-records.js";
import { type PostgresServer, postgresPrograms, startPostgres } from "../testing/postgres-server.js";
import * as caCertificateStatements from "./ca-certificate-statements.js";
import * as countStatements from "./count-statements.js";
import * as deviceStatements from "./device-statements.js";
import { postgresSpelling, sqliteSpelling } from "./dialect.js";
import * as enrollmentStatements from "./enrollment-statements.js";
import * as moduleStatements from "./module-statements.js";
import * as registrationStatements from "./registration-statements.js";
import { type Statement, Statements } from "./statement.js";

const idScope = "0ne00000000";
const modules = {
  enrollmentStatements,
  registrationStatements,
  deviceStatements,
  moduleStatements,
  caCertificateStatements,
  countStatements,
};

type AnyStatement = Statement<Record<string, string>, unknown>;
const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;
const isStatement = (value: unknown): value is AnyStatement => isObject(value) && "build" in value;

/** All exported statements with their names, also those inside exported objects. */
function* statementsIn(value: unknown, name: string): Generator<readonly [string, AnyStatement]> {
  if (isStatement(value)) yield [name, value];
  else if (isObject(value))
    for (const [key, each] of Object.entries(value)) yield* statementsIn(each, `${name}.${key}`);
}

const all = [...statementsIn(modules, "")].map(([name, statement]) => [name.slice(1), statement] as const);

/** A value for every parameter, from the middle of the records below. */
const values = {
  kind: "individual",
  enrollment_key: "device-01500",
  keys: ["device-01500", "device-01501"],
  look_up: "endorsementKey",
  values: ["device-01500"],
  value: "symmetricKey",
  status: "disabled",
  after: "device-01500",
  end: "device-01900",
  part: "17",
  limit: 100,
  skip: 500,
  registration_key: "device-01500",
  enrollment_kind: "group",
  hub_key: "hub.example",
  device_id: "device-01500",
  module_id: "device-01500",
  owner: "device-01500",
  replaced: "device-01500",
  certificate_key: "root",
  expected: "e1",
  session: "{}",
  etag: "e2",
  record: "{}",
  enrollment_id: "Device-01500",
  provisioning_status: "enabled",
};
// A cast: `bind` picks the parameters that the statement has.
const bind = (statements: Statements, statement: AnyStatement) =>
  statements.bind(statement, values as unknown as Record<string, string>);

it("finds all statements", () => {
  expect(all.length).toBeGreaterThan(30);
});

describe("on SQLite, no statement scans a table, or sorts rows that an index has in order", () => {
  const folder = mkdtempSync(join(tmpdir(), "rollcall-plan-"));
  const statements = new Statements(sqliteSpelling, idScope);
  let database: SqliteDatabase;

  beforeAll(async () => {
    const store = await openStore({ kind: "sqlite", directory: folder, idScope, driver: "node-sqlite3-wasm" });
    await store.restore(manyRecords(100));
    await store.close();
    database = await connectSqlite("node-sqlite3-wasm", join(folder, "rollcall.db"));
  });
  afterAll(() => {
    database.close();
    rmSync(folder, { recursive: true });
  });

  it.each(all)("%s", (_name, statement) => {
    const { text, parameters } = bind(statements, statement);
    const rows = database.prepare(`explain query plan ${text}`);
    // EXPLAIN returns rows of this shape, whatever statement it explains.
    const plan = rows.all(parameters).map((row) => (row as { readonly detail: string }).detail);
    const scans = plan.filter((line) => /^SCAN (?!json_each|hubs|CONSTANT ROW)|TEMP B-TREE FOR ORDER/.test(line));
    expect(scans, plan.join("\n")).toEqual([]);
    for (const line of plan.filter((each) => each.startsWith("SEARCH"))) expect(line).toContain("id_scope=?");
  });
});

const programs = postgresPrograms();

describe.skipIf(programs === undefined)("on PostgreSQL (needs postgresql), no statement reads a whole table", () => {
  const statements = new Statements(postgresSpelling, idScope);
  let server: PostgresServer;
  let client: pg.Client;

  beforeAll(async () => {
    server = await startPostgres(programs!);
    const store = await openStore({ kind: "postgres", url: server.url, idScope });
    // In batches, as an import writes them.
    const parts = Object.entries(manyRecords(3000));
    for (let from = 0; from < 3000; from += 500)
      await store.restore(Object.fromEntries(parts.map(([part, all]) => [part, all.slice(from, from + 500)])));
    await store.close();
    client = new pg.Client({ connectionString: server.url });
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await server.stop();
  });

  it("an enrollment is looked up by its index right after thousands were restored", async () => {
    const { text, parameters } = statements.bind(enrollmentStatements.enrollment, {
      kind: "individual",
      enrollment_key: "device-01500",
    });
    const { rows } = await client.query({ text: `explain ${text}`, values: [...parameters], rowMode: "array" });
    expect(rows.flat().join("\n")).toContain("Index Scan using enrollments_pkey");
  });

  // Left out: counts, which scan on purpose (count-statements.ts), and certificates, of which there are at most 25.
  const checked = all.filter(([name]) => !/^countStatements|^caCertificateStatements/.test(name));
  it.each(checked)("%s", async (_name, statement) => {
    const { text, parameters } = bind(statements, statement);
    const { rows } = await client.query({ text: `explain ${text}`, values: [...parameters], rowMode: "array" });
    const plan = rows.flat().join("\n");
    expect(plan).not.toMatch(/Seq Scan/);
  });
});
