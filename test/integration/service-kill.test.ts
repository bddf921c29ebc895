import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LocationInUseError, type RollcallInfo, readInstance, startRollcall } from "@rollcall/service";
import { afterEach, beforeEach, expect, it } from "vitest";
import { until } from "./until.js";

const program = `
  import { startRollcall } from "@rollcall/service";
  await startRollcall({ location: process.argv[1] });
`;

let folder: string;
let child: ChildProcess | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rollcall-kill-"));
});
afterEach(() => {
  child?.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

it("starts in the location of a killed service, with the same CA and keys, but not while the first one runs", async () => {
  const location = join(folder, "state");
  child = spawn(process.execPath, ["--input-type=module", "-e", program, location], { stdio: "inherit" });
  const instance = await until(
    () => readInstance(location),
    (each) => each !== undefined,
  );
  const before = instance?.info as RollcallInfo;
  await expect(startRollcall({ location })).rejects.toMatchObject({ name: LocationInUseError.name, pid: before.pid });
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(existsSync(join(location, "instance.json"))).toBe(true);
  expect(readInstance(location)).toBeUndefined();
  await using rollcall = await startRollcall({ location, listen: before.ports });
  expect(rollcall.info).toEqual({ ...before, pid: process.pid });
});
