import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startRollcall } from "@rollcall/service";
import { expect, test } from "vitest";
import { freePorts, temporaryFolder } from "./run-cli.js";
import { runHere } from "./run-here.js";

const start = (cwd: string, ...more: readonly string[]) => runHere(["start", ...freePorts, ...more], { cwd });

test("a file that is not a database is reported, and not changed", async () => {
  await using folder = await temporaryFolder();
  const directory = join(folder.path, ".rollcall", "store");
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, "rollcall.db");
  const text = "this is no database, but somebody may want it back\n".repeat(100);
  writeFileSync(file, text);
  const result = await start(folder.path);
  expect(result).toMatchObject({ code: 7, stdout: "" });
  expect(result.stderr).toMatch(/damaged, or is not a database \(.*rollcall\.db\): put a backup in its place/);
  expect(readFileSync(file, "utf8")).toBe(text);
  expect(existsSync(join(folder.path, ".rollcall", "instance.json"))).toBe(false);
});

test("an unreachable PostgreSQL is reported with its address, without the password", async () => {
  await using folder = await temporaryFolder();
  const result = await start(folder.path, "--store", "postgres://someone:s3cret@127.0.0.1:1/rollcall");
  expect(result).toMatchObject({ code: 3, stdout: "" });
  expect(result.stderr).toMatch(
    /PostgreSQL cannot be reached \(127\.0\.0\.1:1\/rollcall: .*\): check that the server runs/,
  );
  expect(result.stderr).not.toContain("s3cret");
});

test.each([
  [["--store", "mysql://x"], /^rollcall: --store: is not a store: write sqlite, memory or postgres:/],
  [["--replace-cluster-keys"], /^rollcall: --replace-cluster-keys: only nodes that share a store/],
  [["--store", "sqlite", "--in-memory"], /'--in-memory' cannot be used with option '--store/],
] as const)("%s is refused", async (args, message) => {
  await using folder = await temporaryFolder();
  const result = await start(folder.path, ...args);
  expect(result).toMatchObject({ code: 2, stdout: "" });
  expect(result.stderr).toMatch(message);
});

test("a location in use by another service", async () => {
  await using folder = await temporaryFolder();
  const location = join(folder.path, ".rollcall");
  await using _running = await startRollcall({ location });
  const result = await start(folder.path);
  expect(result).toMatchObject({ code: 7, stdout: "" });
  expect(result.stderr).toMatch(/in use/);
});
