import { afterAll, beforeAll, expect, test } from "vitest";
import { runHere } from "./run-here.js";
import { keys, type RunningService, seed, startFor } from "./running.js";

let service: RunningService;
const rollcall = (...args: string[]) => runHere(args, { cwd: service.path });
const hub = (...args: string[]) => rollcall("hub", ...args);

beforeAll(async () => {
  const hubs = [{ host: "127.0.0.1" }, { host: "hub-2.example", weight: 3, applyAllocationPolicy: false, latency: 7 }];
  service = await startFor(seed, { hubs });
  await rollcall("enrollment", "create", "--eid", "far", "--at", "symmetrickey", "--hn", "hub-2.example");
  const shown = await rollcall("enrollment", "show", "--eid", "far", "--keys", "-o", "json");
  const { primaryKey } = JSON.parse(shown.stdout).attestation.symmetricKey;
  for (const [id, key] of [
    ["pump-7", keys.pump],
    ["far", primaryKey],
  ])
    expect(await rollcall("device", "register", "--rid", id, "--key", key)).toMatchObject({ code: 0 });
});
afterAll(() => service[Symbol.asyncDispose]());

test("list: the linked hubs with their devices", async () => {
  expect((await hub("list")).stdout).toBe(
    "127.0.0.1\t1\t1\tyes\tyes\t\nhub-2.example\t1\t3\tonly when named\tyes\t7 ms\n",
  );
  expect(JSON.parse((await hub("list", "-o", "json")).stdout)).toMatchObject([
    { host: "127.0.0.1", devices: 1 },
    { host: "hub-2.example", weight: 3, latency: 7 },
  ]);
});

test.each<[readonly string[], readonly string[]]>([
  [[], ["pump-7 127.0.0.1", "far hub-2.example"]],
  [["--hub-name", "hub-2.example"], ["far hub-2.example"]],
  [["-n", "127.0.0.1"], ["pump-7 127.0.0.1"]],
  [["--search", "UM"], ["pump-7 127.0.0.1"]],
  [["--top", "1"], ["pump-7 127.0.0.1"]],
])("devices %j", async (args, expected) => {
  const { code, stdout } = await hub("devices", ...args);
  expect(
    stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.split("\t").slice(0, 2).join(" ")),
  ).toEqual(expected);
  expect(code).toBe(0);
  expect(JSON.parse((await hub("devices", ...args, "-o", "json")).stdout)).toHaveLength(expected.length);
});

test("twin: printed, and its desired properties changed, at any hub", async () => {
  expect((await hub("twin", "-d", "pump-7")).stdout).toMatch(
    /^device id\tpump-7\nhub\t127\.0\.0\.1\nconnection\tDisconnected\n.*desired\t\{"interval":10\}\n/s,
  );
  const changed = await hub("twin", "--device-id", "far", "--desired", '{"interval":5,"mode":"slow"}', "-o", "json");
  expect(JSON.parse(changed.stdout).properties.desired).toMatchObject({ interval: 5, mode: "slow", $version: 2 });
  const tagged = await hub("twin", "-d", "far", "--tags", '{"room":"yard"}', "-o", "json");
  expect(JSON.parse(tagged.stdout)).toMatchObject({ tags: { room: "yard" }, properties: { desired: { interval: 5 } } });
  const again = await hub("twin", "-d", "far", "-n", "hub-2.example", "--desired", '{"mode":null}', "-o", "json");
  expect(JSON.parse(again.stdout).properties.desired).not.toHaveProperty("mode");
});

test.each<[string, readonly string[], number, RegExp]>([
  [
    "a device that no hub has",
    ["twin", "-d", "nobody"],
    4,
    /^rollcall: no hub has a device nobody\nTry: rollcall hub devices\n$/,
  ],
  ["an unknown hub", ["devices", "-n", "nowhere.example"], 4, /No hub nowhere\.example is linked/],
  ["a device of another hub", ["twin", "-d", "far", "-n", "127.0.0.1"], 4, /has no device far/],
  ["no object", ["twin", "-d", "far", "--desired", "7"], 2, /^rollcall: --desired is not a JSON object\n$/],
  ["an invalid property name", ["twin", "-d", "far", "--desired", '{"a.b":1}'], 2, /properties\.desired: /],
])("%s", async (_, args, code, message) => {
  const result = await hub(...args);
  expect(result.stderr).toMatch(message);
  expect(result).toMatchObject({ code, stdout: "" });
});

test("delete-device: with consent; the registration stays", async () => {
  expect(await hub("delete-device", "-d", "far")).toMatchObject({ code: 2, stderr: expect.stringMatching(/--yes/) });
  expect(await hub("delete-device", "-d", "far", "-y")).toMatchObject({
    code: 0,
    stderr: "deleted far at hub-2.example; its registration stays, and the device can register again\n",
  });
  expect(await hub("delete-device", "-d", "far", "-y")).toMatchObject({ code: 4 });
  expect(await rollcall("registration", "show", "--rid", "far")).toMatchObject({ code: 0 });
});
