import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { isAlive, ownMark } from "./process-life.js";

test.runIf(process.platform === "linux")(
  "a process that ended is not alive, whether or not its parent noticed",
  async () => {
    expect(isAlive({ pid: process.pid })).toBe(true);
    // `sh` replaces itself by `sleep`, which does not collect children, so the first child stays a zombie.
    const parent = spawn("sh", ["-c", "sleep 0.3 & echo $!; exec sleep 60"], { stdio: ["ignore", "pipe", "ignore"] });
    try {
      const [pid] = (await once(parent.stdout, "data")) as [Buffer];
      await expect.poll(() => isAlive({ pid: Number(pid) })).toBe(false);
      expect(() => process.kill(Number(pid), 0)).not.toThrow();
    } finally {
      parent.kill("SIGKILL");
      await once(parent, "exit");
    }
  },
);

test("a process is alive under its own birth only, in the old spelling too", () => {
  const mark = ownMark();
  expect(isAlive(mark)).toBe(true);
  expect(isAlive({ ...mark, birth: mark.birth.replace("/", " ") })).toBe(true);
  expect(isAlive({ ...mark, birth: "" })).toBe(true);
  if (process.platform === "linux") expect(isAlive({ ...mark, birth: `${mark.birth}0` })).toBe(false);
});
