import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { issueIntermediate, issueLeaf, issueRoot } from "@rollcall/pki";
import { deriveDeviceKey } from "@rollcall/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runHere } from "./run-here.js";
import { type RunningService, startFor } from "./running.js";

let service: RunningService;
const rollcall = (...args: string[]) => runHere(args, { cwd: service.path });
const group = (...args: string[]) => rollcall("enrollment-group", ...args);

/** The JSON that a command prints. */
async function json(...args: string[]) {
  const { code, stdout, stderr } = await rollcall(...args, "-o", "json");
  expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout);
}

const key = (fill: number) => Buffer.alloc(32, fill).toString("base64");

beforeAll(async () => {
  service = await startFor({});
  const write = (name: string, text: string) => writeFileSync(join(service.path, name), text);
  const root = await issueRoot({ commonName: "Root" });
  const line = await issueIntermediate({ commonName: "Line", parent: root });
  const leaf = await issueLeaf({ commonName: "pump-7", parent: line });
  write("root.pem", root.certificatePem);
  write("root.key.pem", root.privateKeyPem);
  write("line.pem", line.chainPem);
  write("pump-7.pem", leaf.chainPem);
  write("pump-7.key.pem", leaf.privateKeyPem);
});
afterAll(() => service[Symbol.asyncDispose]());

const register = () =>
  rollcall("device", "register", "--rid", "pump-7", "--cp", "pump-7.pem", "--kp", "pump-7.key.pem");

test("a group by its root certificate accepts a device of an intermediate, but not while it is disabled or with another root", async () => {
  const made = await group("create", "--gid", "factory", "--cp", "root.pem");
  expect(made.stdout).toMatch(/^group id\tfactory\nstatus\tenabled\nattestation\tx509\nprimary certificate\tCN=Root\n/);
  expect(made).toMatchObject({
    code: 0,
    stderr: "Next: rollcall device register --rid <common name> --cp <chain file> --kp <key file>\n",
  });
  expect(await register()).toMatchObject({ code: 0 });
  expect(await group("update", "--group-id", "factory", "--ps", "disabled")).toMatchObject({ code: 0 });
  expect(await register()).toMatchObject({ code: 6 });
  expect(await group("update", "--eid", "factory", "--ps", "enabled", "--cp", "line.pem")).toMatchObject({ code: 0 });
  expect(await register()).toMatchObject({ code: 0 });
  const [registration] = await json("enrollment-group", "registration", "list", "--gid", "factory");
  expect(registration).toMatchObject({ registrationId: "pump-7", status: "assigned", assignedHub: "127.0.0.1" });
});

test("a group that is there is not replaced: 5, and the command that changes it", async () => {
  const before = await json("enrollment-group", "show", "--gid", "factory");
  expect(await group("create", "--gid", "Factory", "--cp", "line.pem", "--ps", "disabled")).toEqual({
    code: 5,
    stdout: "",
    stderr: "rollcall: Factory: Already exists.\nTry: rollcall enrollment-group update --eid Factory\n",
  });
  expect(await json("enrollment-group", "show", "--gid", "factory")).toEqual(before);
});

test("a group changes to the name of a CA certificate, and back", async () => {
  await rollcall("certificate", "create", "-n", "root-1", "-p", "root.pem");
  expect(await group("create", "--gid", "named", "--ca-name", "root-1")).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^rollcall: --cn: attestation\.x509\.caReferences.*not verified/),
  });
  await rollcall("certificate", "verify", "-n", "root-1", "--ca-key", "root.key.pem");
  expect(await group("update", "--gid", "factory", "--cn", "root-1")).toMatchObject({ code: 0 });
  const { attestation } = await json("enrollment-group", "show", "--gid", "factory");
  expect(attestation).toEqual({ type: "x509", x509: { caReferences: { primary: "root-1" } } });
  expect((await group("list")).stdout).toMatch(/^factory\tx509 \(root-1\)\tenabled\t/);
  expect(await register()).toMatchObject({ code: 0 });
  expect(await group("update", "--gid", "factory", "--cp", "root.pem")).toMatchObject({ code: 0 });
});

test("a group of keys, and the key of one of its devices", async () => {
  const made = await group("create", "--enrollment-id", "yard", "--primary-key", key(5), "--secondary-key", key(6));
  expect(made).toMatchObject({ code: 0, stderr: "Next: rollcall env <registration-id> --group yard\n" });
  const expected = deriveDeviceKey(Buffer.from(key(5), "base64"), "tag-1").toString("base64");
  const compute = (...args: string[]) => group("compute-device-key", "--registration-id", "tag-1", ...args);
  for (const args of [
    ["--gid", "yard"],
    ["--enrollment-id", "yard"],
    ["--group-id", "yard"],
    ["--key", key(5)],
  ])
    expect(await compute(...args)).toEqual({ code: 0, stdout: `${expected}\n`, stderr: "" });
  expect(await rollcall("device", "register", "--rid", "tag-1", "--key", expected)).toMatchObject({ code: 0 });
  expect(await compute("--gid", "factory")).toMatchObject({
    code: 2,
    stderr: "rollcall: factory attests by x509, so its devices have no derived keys\n",
  });
  expect(await compute("--gid", "nobody")).toMatchObject({
    code: 4,
    stderr: "rollcall: nobody: Enrollment group not found.\nTry: rollcall enrollment-group list\n",
  });
  expect(await compute("--gid", "yard", "--key", key(5))).toMatchObject({ code: 2 });
});

test("without attestation flags the service makes the keys; --keys shows them", async () => {
  expect(await group("create", "--gid", "hall")).toMatchObject({ code: 0 });
  const { attestation } = await json("enrollment-group", "show", "--gid", "hall", "--show-keys");
  expect(Buffer.from(attestation.symmetricKey.primaryKey, "base64")).toHaveLength(64);
  expect(await json("enrollment-group", "show", "--gid", "hall")).toMatchObject({
    attestation: { type: "symmetricKey" },
  });
  const shown = await group("show", "--gid", "factory", "--keys");
  expect(shown).toMatchObject({ code: 0, stderr: "--keys: factory attests by x509, so it has no keys to show\n" });
});

test.each<[string, readonly string[], RegExp]>([
  ["TPMs", ["--at", "tpm"], /a group cannot use tpm: TPMs are enrolled one by one\nTry: rollcall enrollment create/],
  ["a leaf", ["--cp", "pump-7.pem"], /--cp pump-7\.pem: CN=pump-7 is not a CA certificate \(basicConstraints\)/],
  ["a certificate and a name", ["--cp", "root.pem", "--cn", "root-1"], /--cp and --ca-name do not go together/],
  ["an unknown name", ["--cn", "nobody"], /--cn: attestation\.x509\.caReferences\.primary/],
])("a group of %s is refused", async (_, args, message) => {
  const { code, stdout, stderr } = await group("create", "--gid", "x", ...args);
  expect(stderr).toMatch(message);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
});

test("delete leaves the registrations of its devices", async () => {
  expect(await group("delete", "--gid", "yard", "-y")).toEqual({
    code: 0,
    stdout: "",
    stderr: "deleted yard; the registrations of its devices stay\n",
  });
  expect(await group("show", "--gid", "yard")).toMatchObject({ code: 4 });
  expect(await json("registration", "list", "--enrollment-id", "yard")).toMatchObject([{ registrationId: "tag-1" }]);
});

/** Commands from the documentation of az, without their first words. */
test.each([
  `enrollment-group create -g rg --dps-name my-dps --enrollment-id az-1 --primary-key ${key(1)} --secondary-key ${key(2)}`,
  "enrollment-group create --dps-name my-dps --enrollment-id az-2 --certificate-path root.pem --provisioning-status enabled --iot-hub-host-name 127.0.0.1 --initial-twin-tags {'location':{'region':'US'}}",
  "enrollment-group update --dps-name my-dps --enrollment-id az-2 --remove-certificate false --secondary-certificate-path line.pem --edge-enabled false",
  "enrollment-group list -g rg --dps-name my-dps --top 5",
  "enrollment-group show -n my-dps --enrollment-id az-1 --show-keys true",
  `enrollment create --dps-name my-dps --enrollment-id az-3 --attestation-type symmetrickey --primary-key ${key(1)} --secondary-key ${key(2)} --device-id my-dev --allocation-policy static --iot-hubs 127.0.0.1 --reprovision-policy reprovisionandmigratedata`,
  "enrollment update -g rg --dps-name my-dps --enrollment-id az-3 --edge-enabled true",
  "enrollment delete --dps-name my-dps --enrollment-id az-3 --yes",
  "enrollment-group delete -n my-dps --group-id az-2 -y",
])("a pasted command of az: %s", async (line) => {
  const { code, stderr } = await rollcall(...line.split(" "));
  expect({ code, notes: code === 0 ? [] : stderr }).toEqual({ code: 0, notes: [] });
});
