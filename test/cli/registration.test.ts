import { afterAll, beforeAll, expect, test } from "vitest";
import { runHere } from "./run-here.js";
import { keys, type RunningService, seed, startFor } from "./running.js";

let service: RunningService;
const rollcall = (...args: string[]) => runHere(args, { cwd: service.path });
const registration = (...args: string[]) => rollcall("registration", ...args);

beforeAll(async () => {
  service = await startFor(seed);
  for (const id of ["tag-1", "tag-2", "tag-3"])
    expect(await rollcall("device", "register", "--rid", id, "--key", keys.yard, "--ck")).toMatchObject({ code: 0 });
});
afterAll(() => service[Symbol.asyncDispose]());

test("show: the registration state of a device", async () => {
  const { code, stdout, stderr } = await registration("show", "--rid", "tag-1");
  expect(stdout).toMatch(
    /^registration id\ttag-1\nstatus\tassigned\nsubstatus\tinitialAssignment\nassigned hub\t127\.0\.0\.1\ndevice id\ttag-1\n/,
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const whole = await registration("show", "--registration-id", "tag-1", "-o", "json");
  expect(JSON.parse(whole.stdout)).toMatchObject({ registrationId: "tag-1", etag: expect.any(String) });
});

test("list: the registrations of a group, over several pages", async () => {
  const { stdout } = await registration("list", "--gid", "yard");
  expect(stdout.split("\n").map((line) => line.split("\t").slice(0, 3).join(" "))).toEqual([
    "tag-1 assigned 127.0.0.1",
    "tag-2 assigned 127.0.0.1",
    "tag-3 assigned 127.0.0.1",
    "",
  ]);
  const two = await registration("list", "--enrollment-id", "yard", "--top", "2", "-o", "json");
  expect(JSON.parse(two.stdout)).toHaveLength(2);
  expect(await registration("list", "--gid", "hall", "-o", "json")).toMatchObject({ code: 0, stdout: "[]\n" });
  expect(await registration("list", "--gid", "nobody")).toEqual({
    code: 4,
    stdout: "",
    stderr: "rollcall: nobody: Enrollment group not found.\nTry: rollcall enrollment-group list\n",
  });
});

test("delete: only the version of --etag, with consent; the device then registers as for the first time", async () => {
  expect(await registration("delete", "--rid", "tag-2")).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/--yes/),
  });
  expect(await registration("delete", "--rid", "tag-2", "-y", "--etag", "other")).toMatchObject({
    code: 5,
    stderr: expect.stringMatching(/\nTry: rollcall registration show --rid tag-2\n$/),
  });
  expect(await registration("delete", "--rid", "tag-2", "-y")).toEqual({
    code: 0,
    stdout: "",
    stderr: "deleted the registration of tag-2; its device stays at the hub\n",
  });
  expect(await registration("show", "--rid", "tag-2")).toEqual({
    code: 4,
    stdout: "",
    stderr: "rollcall: tag-2: Registration not found.\nTry: rollcall explain tag-2\n",
  });
});
