import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openLog } from "./log.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rollcall-log-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

it("writes JSON to a file of mode 0600, and no secrets", () => {
  const file = join(folder, "rollcall.log");
  const { log, close } = openLog({ level: "info", file });
  log.info({ ports: { mqtt: 1 }, token: "t0ps3cret", connectionString: "t0ps3cret" }, "ready");
  log.debug("not this");
  close();
  const [line = "", ...rest] = readFileSync(file, "utf8").trimEnd().split("\n");
  expect(JSON.parse(line)).toMatchObject({ level: 30, msg: "ready", ports: { mqtt: 1 } });
  expect(line).not.toContain("t0ps3cret");
  expect(rest).toEqual([]);
  expect((statSync(file).mode & 0o777).toString(8)).toBe("600");
});

it("writes readable lines too", () => {
  const file = join(folder, "rollcall.log");
  const { log, close } = openLog({ level: "debug", format: "pretty", file });
  log.warn({ version: "2030-01-01" }, "newer");
  log.error({ err: new Error("disk on fire") }, "failed");
  close();
  const text = readFileSync(file, "utf8");
  expect(text).toMatch(/^\d\d:\d\d:\d\d warning: newer version=2030-01-01\n/);
  expect(text).toMatch(/error: failed\nError: disk on fire\n {4}at /);
});

describe("a disk without room (needs /dev/full)", () => {
  it.skipIf(!existsSync("/dev/full"))("loses lines, but logging never throws", () => {
    const { log } = openLog({ level: "info", file: "/dev/full" });
    const long = "x".repeat(1000);
    for (let line = 0; line < 1000; line++) expect(() => log.error(long)).not.toThrow();
  });
});
