import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { issueLeaf } from "@rollcall/pki";
import { createTpm } from "tpm-js-sim";
import { TpmClient } from "tpm-js-sim/client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCli } from "./run-cli.js";
import { runHere } from "./run-here.js";
import { type RunningService, startFor } from "./running.js";

let service: RunningService;
const file = (name: string) => join(service.path, name);
const rollcall = (...args: string[]) => runHere(args, { cwd: service.path });
const enrollment = (...args: string[]) => rollcall("enrollment", ...args);

/** The JSON that a command prints. */
async function json(...args: string[]) {
  const { code, stdout, stderr } = await enrollment(...args, "-o", "json");
  expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout);
}

const key = (fill: number) => Buffer.alloc(32, fill).toString("base64");
const pair = ["--pk", key(1), "--sk", key(2)];
let thumbprints: readonly string[];

beforeAll(async () => {
  service = await startFor({}, { hubs: [{ host: "hub-1.example" }, { host: "hub-2.example" }] });
  const leaves = await Promise.all(["pump-7", "pump-7"].map((commonName) => issueLeaf({ commonName })));
  for (const [index, leaf] of leaves.entries()) writeFileSync(file(`leaf-${index}.pem`), leaf.certificatePem);
  thumbprints = leaves.map(({ certificate }) => certificate.sha256);
});
afterAll(() => service[Symbol.asyncDispose]());

describe("enrollment create", () => {
  test("the first command of the banner, and the command that it suggests next", async () => {
    const made = await enrollment("create", "--eid", "dev1", "--at", "symmetrickey");
    expect(made).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^registration id\tdev1\nstatus\tenabled\nattestation\tsymmetricKey\n/),
      stderr: 'Next: eval "$(rollcall env dev1)"\n',
    });
    const { stdout } = await enrollment("show", "--eid", "dev1", "--keys", "-o", "json");
    const { primaryKey } = JSON.parse(stdout).attestation.symmetricKey;
    expect(Buffer.from(primaryKey, "base64")).toHaveLength(64);
    const env = await rollcall("env", "dev1");
    expect(env.stdout).toContain(`export PROVISIONING_SYMMETRIC_KEY='${primaryKey}'`);
    expect(await rollcall("device", "register", "--rid", "dev1", "--key", primaryKey)).toMatchObject({ code: 0 });
  });

  test("every flag sets its member", async () => {
    writeFileSync(file("key"), `${key(2)}\n`);
    const flags = [
      ["--pk", key(1)],
      ["--sk", "@key"],
      ["--did", "Device.1"],
      ["--ps", "DISABLED"],
      ["--ap", "geolatency"],
      ["--ih", "hub-1.example", "hub-2.example"],
      ["--rp", "never"],
      ["--its", '{"room":"yard"}'],
      ["--props", '{"interval":5}'],
      ["--info", '{"line":3}'],
      ["--ee"],
    ].flat();
    expect((await enrollment("create", "--enrollment-id", "all", ...flags)).code).toBe(0);
    expect(await json("show", "--rid", "all", "--show-keys")).toMatchObject({
      registrationId: "all",
      attestation: { type: "symmetricKey", symmetricKey: { primaryKey: key(1), secondaryKey: key(2) } },
      deviceId: "Device.1",
      provisioningStatus: "disabled",
      allocationPolicy: "geoLatency",
      iotHubs: ["hub-1.example", "hub-2.example"],
      reprovisionPolicy: { updateHubAssignment: false },
      initialTwin: { tags: { room: "yard" }, properties: { desired: { interval: 5 } } },
      optionalDeviceInformation: { line: 3 },
      capabilities: { iotEdge: true },
    });
  });

  test("custom allocation, and the single hub of 2017", async () => {
    const custom = ["--ap", "custom", "--wh", "http://127.0.0.1:9/x", "--av", "2021-10-01"];
    expect((await enrollment("create", "--eid", "asked", ...pair, ...custom)).code).toBe(0);
    expect(await json("show", "--eid", "asked")).toMatchObject({
      allocationPolicy: "custom",
      customAllocationDefinition: { webhookUrl: "http://127.0.0.1:9/x", apiVersion: "2021-10-01" },
    });
    expect((await enrollment("create", "--eid", "old", ...pair, "--hn", "hub-2.example")).code).toBe(0);
    expect(await json("show", "--eid", "old")).toMatchObject({
      allocationPolicy: "static",
      iotHubs: ["hub-2.example"],
    });
  });

  test("tpm by the key that tpm export-ek prints", async () => {
    const tpm = createTpm({ seed: "sensor" });
    const ek = new TpmClient((command) => tpm.send(command)).endorsementKey().toString("base64");
    const made = await enrollment("create", "--eid", "sensor-1", "--ek", ek);
    expect(made).toMatchObject({ code: 0, stderr: "Next: rollcall device register --rid sensor-1 --tpm <dir>\n" });
    expect(await json("show", "--eid", "sensor-1")).toMatchObject({
      attestation: { type: "tpm", tpm: { endorsementKey: ek } },
    });
  });

  test("an existing enrollment is not replaced: exit 5, and the command that changes it", async () => {
    const before = await json("show", "--eid", "all");
    const again = await enrollment("create", "--eid", "ALL", "--at", "symmetrickey");
    expect(again).toEqual({
      code: 5,
      stdout: "",
      stderr: "rollcall: ALL: Already exists.\nTry: rollcall enrollment update --eid ALL\n",
    });
    expect(await json("show", "--eid", "all")).toEqual(before);
  });

  test("a member that the service refuses is reported with its flag", async () => {
    const { code, stdout, stderr } = await enrollment(
      "create",
      "--eid",
      "x",
      "--pk",
      key(1),
      "--ih",
      "nowhere.example",
    );
    expect(stderr).toMatch(/^rollcall: --ih: iotHubs.*nowhere\.example.*\nTry: rollcall enrollment create --help\n$/);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    const hubs = await enrollment("create", "--eid", "x", "--pk", key(1), "--sk", key(2), "--ih", "hub-1.example");
    expect(hubs).toEqual({
      code: 2,
      stdout: "",
      stderr:
        "rollcall: --ap: Enrollment allocationPolicy must be specified when iotHubs are specified.\nTry: rollcall enrollment create --help\n",
    });
    expect((await enrollment("show", "--eid", "x")).code).toBe(4);
  });

  test("--dry-run prints what would be sent, and sends nothing", async () => {
    const args = ["create", "--eid", "rehearsed", "--pk", key(1), "--tags", '{"a":1}', "--dry-run", "-o", "json"];
    const { code, stdout, stderr } = await enrollment(...args);
    expect(JSON.parse(stdout)).toEqual({
      registrationId: "rehearsed",
      attestation: { type: "symmetricKey", symmetricKey: { primaryKey: key(1) } },
      initialTwin: { tags: { a: 1 } },
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "dry run: nothing was changed\n" });
    expect((await enrollment("show", "--eid", "rehearsed")).code).toBe(4);
  });

  test("one key without the second is refused by the service", async () => {
    const { code, stderr } = await enrollment("create", "--eid", "x", "--pk", key(1));
    expect(stderr).toMatch(/^rollcall: --sk: .*give both keys or neither\n/);
    expect(code).toBe(2);
  });

  test("a wrong key is never repeated", async () => {
    const { code, stderr } = await enrollment("create", "--eid", "x", "--pk", "c2VjcmV0");
    expect(stderr).toBe("rollcall: --pk has 6 bytes; 16 to 64 are allowed\n");
    expect(code).toBe(2);
  });
});

describe("enrollment create --count", () => {
  test("creates many; each succeeds or fails by itself", async () => {
    const many = (...args: string[]) => enrollment("create", "--at", "symmetrickey", ...args);
    const made = await many("--eid", "many-%03i", "--count", "12", "--tags", '{"a":1}');
    expect(made.stdout.split("\n")).toEqual([
      ...Array.from({ length: 12 }, (_, i) => `many-${String(i + 1).padStart(3, "0")}`),
      "",
    ]);
    expect(made).toMatchObject({ code: 0, stderr: 'Next: eval "$(rollcall env many-001)"\n' });
    expect(await json("show", "--eid", "many-012")).toMatchObject({ initialTwin: { tags: { a: 1 } } });
    await enrollment("delete", "--eid", "many-007", "-y");
    const again = await many("--eid", "many-%03i", "--count", "12");
    expect(again).toMatchObject({ code: 5, stdout: "many-007\n" });
    expect(again.stderr).toMatch(
      /^many-001: Already exists\.\n(.*\n){4}rollcall: 11 of 12 could not be created\nTry: /,
    );
    const ids = Array.from({ length: 12 }, (_, i) => `many-${String(i + 1).padStart(3, "0")}`);
    for (const id of ids) await enrollment("delete", "--eid", id, "-y");
  });

  test.each([
    [["--eid", "same", "--at", "symmetrickey"], /needs %i \(or %04i\)/],
    [["--eid", "a b%i", "--at", "symmetrickey"], /character 2/],
    [["--eid", "leaf-%i", "--cp", "leaf-0.pem"], /goes with symmetricKey/],
  ] as const)("%j is wrong usage", async (args, message) => {
    const result = await enrollment("create", "--count", "2", ...args);
    expect(result).toMatchObject({ code: 2, stdout: "", stderr: expect.stringMatching(message) });
  });
});

describe("enrollment update", () => {
  test("changes the named members and nothing else: keys stay", async () => {
    const before = await json("show", "--eid", "all", "--keys");
    expect(
      (await enrollment("update", "--eid", "all", "--ps", "enabled", "--ih", "hub-1.example", "--ap", "static")).code,
    ).toBe(0);
    const after = await json("show", "--eid", "all", "--keys");
    expect(after).toEqual({
      ...before,
      provisioningStatus: "enabled",
      iotHubs: ["hub-1.example"],
      allocationPolicy: "static",
      etag: expect.not.stringMatching(before.etag),
      lastUpdatedDateTimeUtc: expect.any(String),
    });
  });

  test("rolls one key over", async () => {
    expect((await enrollment("update", "--eid", "all", "--secondary-key", key(9))).code).toBe(0);
    const { attestation } = await json("show", "--eid", "all", "--keys");
    expect(attestation.symmetricKey).toEqual({ primaryKey: key(1), secondaryKey: key(9) });
  });

  test("certificates: adds a secondary one, removes the primary one", async () => {
    const certificates = async () => (await json("show", "--eid", "pump-7")).attestation.x509.clientCertificates;
    const made = await enrollment("create", "--eid", "pump-7", "--certificate-path", "leaf-0.pem");
    expect(made.stderr).toBe("Next: rollcall device register --rid pump-7 --cp <chain file> --kp <key file>\n");
    expect((await enrollment("update", "--eid", "pump-7", "--scp", "leaf-1.pem")).code).toBe(0);
    expect(await certificates()).toMatchObject({
      primary: { info: { sha256Thumbprint: thumbprints[0] } },
      secondary: { info: { sha256Thumbprint: thumbprints[1] } },
    });
    expect((await enrollment("update", "--eid", "pump-7", "--remove-certificate", "true")).code).toBe(0);
    expect(await certificates()).toMatchObject({ secondary: { info: { sha256Thumbprint: thumbprints[1] } } });
    expect(await certificates()).not.toHaveProperty("primary");
    expect(await enrollment("update", "--eid", "pump-7", "--rsc")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("the last certificate cannot be removed"),
    });
  });

  test.each([
    ["quoted", (etag: string) => etag],
    ["bare", (etag: string) => etag.replaceAll('"', "")],
  ])("over the version of --etag, %s", async (_, form) => {
    const { etag } = await json("show", "--eid", "old");
    const update = (flag: string) => enrollment("update", "--eid", "old", "--tags", '{"a":1}', flag, form(etag));
    expect((await update("--etag")).code).toBe(0);
    expect(await update("--if-match")).toEqual({
      code: 5,
      stdout: "",
      stderr:
        "rollcall: old: The record changed after you read it (etag mismatch). Read it again and retry.\nTry: rollcall enrollment show --eid old\n",
    });
  });

  test("many at once: each change is applied on top of the others, or its command reports a conflict", async () => {
    await enrollment("create", "--eid", "busy", ...pair);
    // In separate processes, since commands in this process share its working directory.
    const updates = await Promise.all(
      ["--ps disabled", "--did other", "--ee"].map((flags) =>
        runCli(["enrollment", "update", "--eid", "busy", ...flags.split(" ")], { cwd: service.path }),
      ),
    );
    const made = await json("show", "--eid", "busy");
    const seen = [made.provisioningStatus === "disabled", made.deviceId === "other", made.capabilities.iotEdge];
    expect(seen).toEqual(updates.map(({ code }) => code === 0));
    expect(updates.filter(({ code }) => code !== 0 && code !== 5)).toEqual([]);
    expect(seen.filter(Boolean).length).toBeGreaterThanOrEqual(1);
  });

  test("with a flag of another attestation, or of an unknown enrollment", async () => {
    expect(await enrollment("update", "--eid", "pump-7", "--pk", key(1))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--pk does not go with pump-7, which attests by x509"),
    });
    expect(await enrollment("update", "--eid", "nobody", "--ps", "disabled")).toEqual({
      code: 4,
      stdout: "",
      stderr: "rollcall: nobody: Enrollment not found.\nTry: rollcall enrollment list\n",
    });
  });
});

describe("enrollment list", () => {
  test("in a pipe: one line per item; the same items in every format", async () => {
    const items = await json("list");
    const ids = items.map((item: { registrationId: string }) => item.registrationId);
    expect(ids).toEqual(["all", "asked", "busy", "dev1", "old", "pump-7", "sensor-1"]);
    const lines = (await enrollment("list")).stdout.trimEnd().split("\n");
    expect(lines.map((line) => line.split("\t")[0])).toEqual(ids);
    expect(lines.find((line) => line.startsWith("dev1"))).toMatch(
      /^dev1\tsymmetricKey\tenabled\thashed\t\tassigned hub-\d\.example\t/,
    );
    expect((await enrollment("list", "-o", "yaml")).stdout).toMatch(
      /^- registrationId: all\n {2}deviceId: Device\.1\n/,
    );
    expect((await enrollment("list", "-o", "table")).stdout).toMatch(/^ID +ATTESTATION +STATUS/);
  });

  test.each<[readonly string[], readonly string[]]>([
    [
      ["--top", "2"],
      ["all", "asked"],
    ],
    [
      ["--filter", "allocationPolicy = 'static'"],
      ["all", "old"],
    ],
    [["--filter", "SELECT * FROM enrollments WHERE registrationId = 'dev1'"], ["dev1"]],
    [["--filter", "deviceId = 'nobody'"], []],
  ])("%j", async (args, ids) => {
    expect((await json("list", ...args)).map((item: { registrationId: string }) => item.registrationId)).toEqual(ids);
  });

  test("an invalid condition is reported with its position in the typed text", async () => {
    const slip = await enrollment("list", "--filter", "provisioningstatus = 'disabled'");
    expect(slip).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^rollcall: --filter, character 1: .* the member is written provisioningStatus\n/),
    });
    const { code, stdout, stderr } = await enrollment("list", "--filter", "deviceId ==");
    expect(stderr).toMatch(/^rollcall: --filter, character 11: /);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });
});

describe("enrollment registration", () => {
  test("show and delete, by az's name for the id and by ours", async () => {
    const shown = await enrollment("registration", "show", "--eid", "dev1", "-o", "json");
    expect(JSON.parse(shown.stdout)).toMatchObject({ registrationId: "dev1", status: "assigned" });
    const removed = await enrollment("registration", "delete", "--rid", "dev1", "--yes");
    expect(removed).toMatchObject({
      code: 0,
      stderr: "deleted the registration of dev1; its device stays at the hub\n",
    });
    expect(await enrollment("registration", "show", "--enrollment-id", "dev1")).toMatchObject({ code: 4 });
  });
});

describe("enrollment delete", () => {
  test("asks; in a pipe it needs --yes; --dry-run shows what would be deleted", async () => {
    expect(await enrollment("delete", "--eid", "asked")).toEqual({
      code: 2,
      stdout: "",
      stderr:
        "rollcall: delete the enrollment asked: there is no terminal to ask for confirmation\nTry: the same command with --yes\n",
    });
    const rehearsed = await enrollment("delete", "--eid", "asked", "--dry-run");
    expect(rehearsed).toMatchObject({ code: 0, stderr: "dry run: nothing was changed\n" });
    expect(await enrollment("delete", "--eid", "asked", "-y")).toEqual({
      code: 0,
      stdout: "",
      stderr: "deleted asked\n",
    });
    expect(await enrollment("delete", "--eid", "asked", "-y")).toMatchObject({ code: 4 });
  });

  test("a version that differs from --etag is a conflict", async () => {
    expect(await enrollment("delete", "--eid", "old", "-y", "--etag", "other")).toMatchObject({ code: 5 });
    const { etag } = await json("show", "--eid", "old");
    expect(await enrollment("delete", "--eid", "old", "-y", "--etag", etag)).toMatchObject({ code: 0 });
  });
});
