import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CompiledQuery, Kysely, type SqliteDatabase, SqliteDialect, sql } from "kysely";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { GroupCommit } from "./group-commit.js";
import { migrate } from "./migrate.js";
import type { Schema } from "./schema.js";
import { connectSqlite } from "./sqlite-drivers.js";
import { individualOf } from "./testing/crash-records.js";
import { putIndividual, type Write } from "./writes.js";

const folder = mkdtempSync(join(tmpdir(), "rollcall-group-"));
afterAll(() => rmSync(folder, { recursive: true }));

const idScope = "0ne00000000";
let connection: SqliteDatabase;
let database: Kysely<Schema>;
let statements: string[];

beforeEach(async () => {
  connection = await connectSqlite("node-sqlite3-wasm", join(mkdtempSync(join(folder, "data-")), "rollcall.db"));
  statements = [];
  const log = (event: { readonly query: { readonly sql: string } }) => void statements.push(event.query.sql);
  database = new Kysely<Schema>({ dialect: new SqliteDialect({ database: connection }), log });
  await migrate(database, { key: sql`text` }, "here");
  statements = [];
  return () => database.destroy();
});

const group = (windowMilliseconds = 1) => new GroupCommit({ database, idScope, windowMilliseconds });
const put = (id: string): Write => putIndividual(individualOf(id), undefined);
const stored = async () =>
  (await database.selectFrom("individual_enrollments").select("registration_id").execute()).map(
    (row) => row.registration_id,
  );
const count = (text: string) => statements.filter((each) => each === text).length;

const failing =
  (id: string, how: () => Promise<boolean>): Write =>
  async (context) => {
    await put(id)(context);
    return how();
  };

describe("writes of one window", () => {
  it("share one commit", async () => {
    const commits = group();
    await Promise.all(Array.from({ length: 50 }, (_, n) => commits.commit(put(`d${n}`))));
    expect(await stored()).toHaveLength(50);
    expect([count("begin"), count("commit")]).toEqual([1, 1]);
  });

  it("are each all or nothing by themselves", async () => {
    const commits = group();
    const outcomes = await Promise.allSettled([
      commits.commit(put("a")),
      commits.commit(failing("refused", async () => false)),
      commits.commit(failing("thrown", () => Promise.reject(new Error("no")))),
      commits.commit(put("z")),
    ]);
    expect(outcomes).toMatchObject([{ value: true }, { value: false }, { reason: { message: "no" } }, { value: true }]);
    expect(await stored()).toEqual(["a", "z"]);
  });

  it("hear nothing before the commit, not even of a refusal", async () => {
    const commits = group();
    const heard: string[] = [];
    const listen = async (write: Write) => {
      await commits.commit(write);
      heard.push(statements.includes("commit") ? "after" : "before");
    };
    await Promise.all([listen(put("a")), listen(async () => false), listen(put("b"))]);
    expect(heard).toEqual(["after", "after", "after"]);
  });

  it("are all refused when there is no room, and the store goes on when there is again", async () => {
    await database.executeQuery(CompiledQuery.raw("pragma max_page_count = 40"));
    const commits = group();
    const large = (id: string): Write =>
      putIndividual({ ...individualOf(id), iotHubs: ["x".repeat(20_000)] }, undefined);
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, (_, n) => commits.commit(large(`d${n}`))));
    const kept = outcomes.flatMap((outcome, n) => (outcome.status === "fulfilled" ? `d${n}` : []));
    const reasons = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? String(outcome.reason) : []));
    expect(reasons.length).toBeGreaterThan(0);
    expect(reasons.filter((reason) => !reason.includes("database or disk is full"))).toEqual([]);
    expect((await stored()).sort()).toEqual(kept.sort());
    await database.executeQuery(CompiledQuery.raw("pragma max_page_count = 100000"));
    expect(await commits.commit(large("later"))).toBe(true);
    expect(await stored()).toContain("later");
  });

  it("are written in the order in which they came", async () => {
    const commits = group();
    const etags = Array.from({ length: 30 }, (_, n) => String(n));
    await Promise.all(etags.map((etag) => commits.commit(putIndividual({ ...individualOf("d"), etag }, undefined))));
    const { etag } = await database.selectFrom("individual_enrollments").select("etag").executeTakeFirstOrThrow();
    expect(etag).toBe("29");
  });

  it("need not wait for the window when the store is closed", async () => {
    const commits = group(1_000_000);
    const writing = commits.commit(put("a"));
    await commits.flush();
    expect(await writing).toBe(true);
  });
});
