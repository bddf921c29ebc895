import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { IndividualRecord } from "@rollcall/engine";
import { Kysely, type SqliteDatabase, SqliteDialect } from "kysely";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { sqliteSpelling } from "../sql/dialect.js";
import { enrolledAmong, putEnrollment } from "../sql/enrollments.js";
import { migrate } from "../sql/migrate.js";
import type { Schema } from "../sql/schema.js";
import { Statements } from "../sql/statement.js";
import type { Work } from "../sql/work.js";
import { individualOf } from "../testing/crash-records.js";
import { GroupCommit } from "./group-commit.js";
import { connectSqlite } from "./sqlite-drivers.js";
import { SqliteRunner } from "./sqlite-runner.js";

const folder = mkdtempSync(join(tmpdir(), "rollcall-group-"));
afterAll(() => rmSync(folder, { recursive: true }));

const idScope = "0ne00000000";
type Write = () => Work<boolean>;
let connection: SqliteDatabase;
let runner: SqliteRunner;
let statements: string[];

beforeEach(async () => {
  connection = await connectSqlite("node-sqlite3-wasm", join(mkdtempSync(join(folder, "data-")), "rollcall.db"));
  await migrate(new Kysely<Schema>({ dialect: new SqliteDialect({ database: connection }) }), sqliteSpelling, "here");
  statements = [];
  const logged: SqliteDatabase = {
    close: () => connection.close(),
    prepare: (text) => {
      statements.push(text);
      return connection.prepare(text);
    },
  };
  runner = new SqliteRunner(logged, new Statements(sqliteSpelling, idScope));
  return () => connection.close();
});

const group = (windowMilliseconds = 1) => new GroupCommit({ runner, windowMilliseconds });
const put =
  (id: string, over: Partial<IndividualRecord> = {}): Write =>
  () =>
    putEnrollment({ ...individualOf(id), ...over }, undefined);
const column = (name: string) =>
  connection
    .prepare(`select ${name} as value from enrollments order by enrollment_key`)
    .all([])
    .map((row) => (row as { readonly value: string }).value);
const stored = () => column("enrollment_key");
const count = (text: string) => statements.filter((each) => each === text).length;

/** Writes an enrollment, then returns false or throws. */
const after = (id: string, how: () => boolean): Write =>
  function* () {
    yield* put(id)();
    return how();
  };
const no = (): boolean => {
  throw new Error("no");
};

describe("writes of one window", () => {
  it("share one commit", async () => {
    const commits = group();
    await Promise.all(Array.from({ length: 50 }, (_, n) => commits.commit(put(`d${n}`))));
    expect(stored()).toHaveLength(50);
    expect([count("begin immediate"), count("commit")]).toEqual([1, 1]);
  });

  it("are atomic each by itself", async () => {
    const commits = group();
    const outcomes = await Promise.allSettled([
      commits.commit(put("a")),
      commits.commit(after("refused", () => false)),
      commits.commit(after("thrown", no)),
      commits.commit(put("z")),
    ]);
    expect(outcomes).toMatchObject([{ value: true }, { value: false }, { reason: { message: "no" } }, { value: true }]);
    expect(stored()).toEqual(["a", "z"]);
  });

  it("settle only after the commit, also when they are refused", async () => {
    const commits = group();
    const heard: string[] = [];
    const listen = async (write: Write) => {
      await commits.commit(write);
      heard.push(statements.includes("commit") ? "after" : "before");
    };
    await Promise.all([listen(put("a")), listen(after("b", () => false)), listen(put("c"))]);
    expect(heard).toEqual(["after", "after", "after"]);
  });

  it("fail when there is no room, and the store works again once there is room", async () => {
    connection.prepare("pragma max_page_count = 40").all([]);
    const commits = group();
    const large = (id: string): Write => put(id, { iotHubs: ["x".repeat(20_000)] });
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, (_, n) => commits.commit(large(`d${n}`))));
    const kept = outcomes.flatMap((outcome, n) => (outcome.status === "fulfilled" ? `d${n}` : []));
    const reasons = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? String(outcome.reason) : []));
    expect(reasons.length).toBeGreaterThan(0);
    expect(reasons.filter((reason) => !reason.includes("database or disk is full"))).toEqual([]);
    expect(stored()).toEqual(kept.sort());
    connection.prepare("pragma max_page_count = 100000").all([]);
    expect(await commits.commit(large("later"))).toBe(true);
    expect(stored()).toContain("later");
  });

  it("are written in the order in which they came", async () => {
    const commits = group();
    const etags = Array.from({ length: 30 }, (_, n) => String(n));
    await Promise.all(etags.map((etag) => commits.commit(put("d", { etag }))));
    expect(column("etag")).toEqual(["29"]);
  });

  it("do not wait for the end of the window when the store is closed", async () => {
    const commits = group(1_000_000);
    const writing = commits.commit(put("a"));
    await commits.flush();
    expect(await writing).toBe(true);
  });

  it("skip the window after one write was alone in it, until two writes come together", async () => {
    const commits = group(1_000_000);
    const waits = async (id: string) => {
      let done = false;
      const writing = commits.commit(put(id)).then(() => (done = true));
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
      const waited = !done;
      if (waited) await commits.flush();
      await writing;
      return waited;
    };
    expect(await waits("a")).toBe(true);
    expect(await waits("b")).toBe(false);
    const pattern: boolean[] = [];
    for (let n = 0; n < 14; n++) pattern.push(await waits(`c${n}`));
    // Each time that a waiting write was alone, twice as many writes do not wait.
    expect(pattern.map((each) => (each ? "w" : ".")).join("")).toBe("w..w....w.....");
    await Promise.all([commits.commit(put("x")), commits.commit(put("y")), commits.flush()]);
    expect(await waits("z")).toBe(true);
  });

  it("are invisible to reads before they are committed", async () => {
    const commits = group();
    const seen: string[] = [];
    let over = false;
    const watch = async () => {
      while (!over) {
        await runner.read(
          (function* () {
            seen.push(...(yield* enrolledAmong(["taken-back", "kept"])));
          })(),
        );
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const watching = [watch(), watch()];
    const before = seen.length;
    const writes = Array.from({ length: 300 }, () => commits.commit(after("taken-back", () => false)));
    await Promise.all([...writes, commits.commit(after("taken-back", no)).catch(() => undefined)]);
    over = true;
    await Promise.all(watching);
    expect(seen.slice(before)).toEqual([]);
    await commits.commit(put("kept"));
    expect(await runner.read(enrolledAmong(["taken-back", "kept"]))).toEqual(["kept"]);
  });
});

describe("the write-ahead log of a database that is written to all the time", () => {
  it("is checkpointed again and again", async () => {
    const file = join(folder, "log", "rollcall.db");
    mkdirSync(join(folder, "log"));
    const own = await connectSqlite("node-sqlite3-wasm", file);
    await migrate(new Kysely<Schema>({ dialect: new SqliteDialect({ database: own }) }), sqliteSpelling, "here");
    const writing = new GroupCommit({
      runner: new SqliteRunner(own, new Statements(sqliteSpelling, idScope)),
      windowMilliseconds: 0,
    });
    let largest = 0;
    for (let round = 0; round < 100; round++) {
      const padding = ["x".repeat(10_000)];
      await Promise.all(Array.from({ length: 20 }, (_, n) => writing.commit(put(`d${n}`, { iotHubs: padding }))));
      largest = Math.max(largest, statSync(`${file}-wal`).size);
    }
    own.close();
    // 20 MB were written; a checkpoint is due at 4 MB.
    expect(largest).toBeGreaterThan(1_000_000);
    expect(largest).toBeLessThan(8_000_000);
  });
});
