import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { issueLeaf, issueRoot, loadIdentity } from "@rollcall/pki";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runHere } from "./run-here.js";
import { type RunningService, startFor } from "./running.js";

let service: RunningService;
const file = (name: string) => join(service.path, name);
const rollcall = (...args: string[]) => runHere(args, { cwd: service.path });
const certificate = (...args: string[]) => rollcall("certificate", ...args);

/** The JSON that a command prints. */
async function json(...args: string[]) {
  const { code, stdout, stderr } = await certificate(...args, "-o", "json");
  expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout);
}

let root: Awaited<ReturnType<typeof issueRoot>>;
beforeAll(async () => {
  service = await startFor({});
  root = await issueRoot({ commonName: "Root" });
  writeFileSync(file("root.pem"), root.certificatePem);
  writeFileSync(file("root.der"), root.certificate.der);
  writeFileSync(file("root.key.pem"), root.privateKeyPem);
  const other = await issueRoot({ commonName: "Other" });
  writeFileSync(file("other.pem"), other.certificatePem);
  writeFileSync(file("other.key.pem"), other.privateKeyPem);
  writeFileSync(file("leaf.pem"), (await issueLeaf({ commonName: "pump-7" })).certificatePem);
});
afterAll(() => service[Symbol.asyncDispose]());

test("create, list, show; the next command", async () => {
  const made = await certificate("create", "--certificate-name", "root-1", "--path", "root.der");
  expect(made.stdout).toMatch(/^name\troot-1\nverified\tno\nsubject\tCN=Root\nexpires\t\d{4}-/);
  expect(made).toMatchObject({
    code: 0,
    stderr: "Next: rollcall certificate verify -n root-1 --ca-key <its private key>\n",
  });
  expect((await certificate("list")).stdout).toMatch(
    new RegExp(`^root-1\\tno\\tCN=Root\\t\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\dZ\\t${root.certificate.sha256}\\n$`),
  );
  const shown = await json("show", "--name", "root-1");
  expect(shown.properties.certificate).toBe(root.certificate.der.toString("base64"));
  expect(await json("list")).toEqual([shown]);
});

test("verify makes the proof from the CA's key, and refuses a key of another certificate", async () => {
  const wrong = await certificate("verify", "-n", "root-1", "--ca-key", "other.key.pem");
  expect(wrong).toMatchObject({
    code: 2,
    stderr: "rollcall: --ca-key other.key.pem: the private key does not belong to the certificate CN=Root\n",
  });
  const proven = await certificate("verify", "-n", "root-1", "--ca-key", "root.key.pem");
  expect(proven.stdout).toMatch(/^name\troot-1\nverified\tyes\n/);
  expect(proven).toMatchObject({
    code: 0,
    stderr: "Next: rollcall enrollment-group create --gid root-1 --ca-name root-1\n",
  });
  expect(await certificate("verify", "-n", "root-1", "--ca-key", "root.key.pem")).toMatchObject({ code: 5 });
});

test("verify accepts a proof certificate from elsewhere, for the generated code", async () => {
  await certificate("create", "-n", "other", "-p", "other.pem", "--verified", "false");
  const asked = await certificate("generate-verification-code", "-n", "other", "-o", "json");
  expect(asked.stderr).toMatch(/^Next: rollcall certificate verify -n other --path /);
  const { verificationCode } = JSON.parse(asked.stdout).properties;
  const parent = loadIdentity({
    certificatePem: readFileSync(file("other.pem"), "utf8"),
    privateKeyPem: readFileSync(file("other.key.pem"), "utf8"),
  });
  writeFileSync(file("proof.pem"), (await issueLeaf({ commonName: verificationCode, parent })).certificatePem);
  const refused = await certificate("verify", "-n", "other", "--path", "leaf.pem");
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringMatching(/--path: certificate: /) });
  expect(refused.stderr).toMatch(/\nTry: rollcall certificate show -n other\n$/);
  expect(await certificate("verify", "-n", "other", "--path", "proof.pem", "-e", "old")).toMatchObject({ code: 5 });
  expect(await json("verify", "-n", "other", "-p", "proof.pem")).toMatchObject({ properties: { isVerified: true } });
});

test("-v marks a certificate as verified", async () => {
  const third = await issueRoot({ commonName: "Third" });
  writeFileSync(file("third.pem"), third.certificatePem);
  expect(await json("create", "-n", "third", "-p", "third.pem", "-v")).toMatchObject({
    properties: { isVerified: true },
  });
});

test.each<[string, readonly string[], number, RegExp]>([
  [
    "a leaf",
    ["create", "-n", "x", "-p", "leaf.pem"],
    2,
    /^rollcall: --path leaf\.pem: CN=pump-7 is not a CA certificate/,
  ],
  ["a key", ["create", "-n", "x", "-p", "root.key.pem"], 2, /^rollcall: --path root\.key\.pem: .*no CERTIFICATE/],
  ["no file", ["create", "-n", "x", "-p", "nothing"], 2, /^rollcall: --path nothing: there is no such file/],
  ["an invalid name", ["create", "-n", "a b", "-p", "root.pem"], 2, /^rollcall: --name: name/],
  [
    "a name that is taken",
    ["create", "-n", "root-1", "-p", "leaf-root.pem"],
    5,
    /root-1.*\nTry: rollcall certificate show -n root-1\n/s,
  ],
  ["nobody", ["show", "-n", "nobody"], 4, /nobody.*\nTry: rollcall certificate list\n/s],
])("%s is refused", async (_, args, code, message) => {
  writeFileSync(file("leaf-root.pem"), (await issueRoot({ commonName: "Fourth" })).certificatePem);
  const result = await certificate(...args);
  expect(result.stderr).toMatch(message);
  expect(result).toMatchObject({ code, stdout: "" });
});

test("delete: not while a group refers to it", async () => {
  await rollcall("enrollment-group", "create", "--gid", "factory", "--ca-name", "root-1");
  expect(await certificate("delete", "-n", "root-1", "-y")).toMatchObject({
    code: 5,
    stderr: expect.stringMatching(/in use: group factory refers to it/),
  });
  await rollcall("enrollment-group", "delete", "--gid", "factory", "-y");
  expect(await certificate("delete", "-n", "root-1", "-y")).toEqual({
    code: 0,
    stdout: "",
    stderr: "deleted root-1\n",
  });
  expect(await certificate("delete", "-n", "root-1", "-y")).toMatchObject({ code: 4 });
});
