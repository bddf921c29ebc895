import { createHash, createHmac, createPublicKey, randomBytes, verify } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { join } from "node:path";
import { createTpm } from "tpm-js-sim";
import { hierarchies, paddedEkTemplate, registrationIdOf, srkTemplate, TpmClient } from "tpm-js-sim/client";
import { makeAuthenticationKey, parseTpm2bPublic } from "tpm-js-sim/credential";
import { expect, test } from "vitest";
import { promisedClient } from "../conformance/tpm-sdk.js";
import { outcome, printed, runCli, startCli, temporaryFolder } from "./run-cli.js";
import { runHere } from "./run-here.js";

interface Shown {
  readonly registrationId: string;
  readonly endorsementKey: string;
  readonly endorsementKeyCsharp: string;
  readonly storageRootKey: string;
  readonly identityKey: boolean;
  readonly failedTries: number;
  readonly pcrs: { readonly sha256: readonly string[] };
}

async function shown(state: string, cwd: string): Promise<Shown> {
  const { code, stdout, stderr } = await runHere(["tpm", "show", "--state", state, "-o", "json"], { cwd });
  expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout) as Shown;
}

function blobFor({ endorsementKey, storageRootKey }: Shown, key: Buffer): Buffer {
  return makeAuthenticationKey({
    endorsementKey: Buffer.from(endorsementKey, "base64"),
    storageRootKey: Buffer.from(storageRootKey, "base64"),
    key,
    random: randomBytes,
  });
}

test("tpm create, show, export-ek: the same seed gives the same keys; each client has its own EK", {
  timeout: 30_000,
}, async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  const made = await runHere(["tpm", "create", "--state", "a", "--seed", "pump-7"], { cwd });
  expect(made).toMatchObject({ code: 0, stderr: expect.stringContaining("Next: rollcall tpm serve --state a") });
  expect((statSync(join(cwd, "a", "tpm.json")).mode & 0o777).toString(8)).toBe("600");
  const tpm = createTpm({ seed: "pump-7" });
  const endorsementKey = new TpmClient((command) => tpm.send(command)).endorsementKey();
  expect(made.stdout).toBe(
    `registrationId\t${registrationIdOf(endorsementKey)}\nendorsementKey\t${endorsementKey.toString("base64")}\n`,
  );

  const show = await shown("a", cwd);
  expect(show).toMatchObject({ endorsementKey: endorsementKey.toString("base64"), identityKey: false, failedTries: 0 });
  expect(show.pcrs.sha256).toHaveLength(24);
  const { seeds } = tpm.snapshot();
  const fresh = createTpm({ seeds });
  const primaries = [
    { hierarchy: hierarchies.endorsement, template: paddedEkTemplate },
    { hierarchy: hierarchies.owner, template: srkTemplate },
  ];
  const padded = new TpmClient((command) => fresh.send(command), { primaries }).endorsementKey().toString("base64");
  expect(show.endorsementKeyCsharp).toBe(padded);
  for (const [client, expected] of [
    ["c", show.endorsementKey],
    ["iot-edge", padded],
  ] as const) {
    const exported = await runHere(["tpm", "export-ek", "--state", "a", "--for", client], { cwd });
    expect(exported).toMatchObject({ code: 0, stdout: `${expected}\n` });
    expect(parseTpm2bPublic(Buffer.from(exported.stdout, "base64")).kind).toBe("usable");
  }

  expect(await runHere(["tpm", "create", "--state", "a"], { cwd })).toMatchObject({
    code: 5,
    stderr: expect.stringContaining("--force replaces it"),
  });
  expect(await runHere(["tpm", "show", "--state", "b"], { cwd })).toMatchObject({
    code: 4,
    stderr: expect.stringContaining("rollcall tpm create --state b"),
  });
});

test("tpm create --from: a clone, a cleared TPM, a TPM with another EK, a TPM in lockout", {
  timeout: 30_000,
}, async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  const create = (...args: string[]) => runHere(["tpm", "create", ...args], { cwd });
  expect((await create("--state", "a", "--seed", "x", "--ecc")).code).toBe(0);
  for (const [state, flag] of [
    ["cleared", "--clear"],
    ["swapped", "--swap-ek"],
    ["locked", "--lockout"],
  ] as const) {
    expect(await create("--state", state, "--from", "a", flag)).toMatchObject({ code: 0 });
  }
  expect((await create("--state", "clone", "--from", "a")).code).toBe(0);
  const a = await shown("a", cwd);
  const clone = await shown("clone", cwd);
  const cleared = await shown("cleared", cwd);
  const swapped = await shown("swapped", cwd);
  const locked = await shown("locked", cwd);
  expect(clone).toEqual(a);
  expect(cleared.endorsementKey).toBe(a.endorsementKey);
  expect(cleared.storageRootKey).not.toBe(a.storageRootKey);
  expect(swapped.endorsementKey).not.toBe(a.endorsementKey);
  expect(swapped.storageRootKey).toBe(a.storageRootKey);
  expect(locked.failedTries).toBe(3);
  expect(await create("--state", "b", "--from", "a", "--ecc")).toMatchObject({ code: 2 });
});

test("tpm activate: a challenge on the command line and in a file; a cut or foreign challenge is refused", async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  await runHere(["tpm", "create", "--state", "a", "--seed", "x", "--ecc"], { cwd });
  const show = await shown("a", cwd);
  const key = randomBytes(32);
  const blob = blobFor(show, key).toString("base64");
  writeFileSync(join(cwd, "blob"), `${blob}\n`);
  const activate = (...args: string[]) => runHere(["tpm", "activate", "--state", "a", ...args], { cwd });
  expect(await activate(blob, "--truncate", "100")).toMatchObject({ code: 6, stdout: "" });
  const damaged = Buffer.from(blob, "base64");
  damaged[40] = (damaged[40] ?? 0) ^ 1;
  expect(await activate(damaged.toString("base64"))).toMatchObject({
    code: 6,
    stderr: expect.stringContaining("TPM2_ActivateCredential: TPM_RC_INTEGRITY, parameter 1"),
  });
  for (const [fault, said] of [
    ["foreign", "TPM2_ActivateCredential"],
    ["wrong-srk", "TPM2_ActivateCredential: TPM_RC_INTEGRITY, parameter 1"],
    ["damaged", "TPM2_ActivateCredential: TPM_RC_INTEGRITY, parameter 1"],
  ] as const) {
    expect(await activate(blob, "--fault", fault)).toMatchObject({ code: 6, stderr: expect.stringContaining(said) });
  }
  expect((await shown("a", cwd)).identityKey).toBe(false);
  const hmac = createHmac("sha256", key).update("text").digest("hex");
  expect(await activate("@blob", "--sign", "text")).toMatchObject({ code: 0, stdout: `${hmac}\n` });
  expect((await shown("a", cwd)).identityKey).toBe(true);
});

test("tpm quote: the signature is the attestation key's, over the nonce and the PCRs", async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  await runHere(["tpm", "create", "--state", "a", "--seed", "x", "--ecc"], { cwd });
  const quote = (...args: string[]) => runHere(["tpm", "quote", "--state", "a", "--out-dir", "q", ...args], { cwd });
  const made = await quote("--pcrs", "sha256:0,16", "--nonce", "c0ffee");
  expect(made).toMatchObject({ code: 0, stdout: "q/quote.msg\nq/quote.sig\nq/ak.pem\n" });
  const [quoted, signature] = ["quote.msg", "quote.sig"].map((name) => readFileSync(join(cwd, "q", name)));
  if (quoted === undefined || signature === undefined) throw new Error("no quote");
  const key = createPublicKey(readFileSync(join(cwd, "q", "ak.pem")));
  expect(verify("sha256", quoted, key, signature.subarray(6))).toBe(true);
  expect(quoted.includes(Buffer.from("0003c0ffee", "hex"))).toBe(true);
  expect(quoted.subarray(-32)).toEqual(createHash("sha256").update(Buffer.alloc(64)).digest());
  expect(await quote()).toMatchObject({ code: 5 });
  expect(await quote("--pcrs", "md5:1")).toMatchObject({ code: 2 });
  expect(await quote("--pcrs", "sha256:24")).toMatchObject({ code: 2 });
  expect(await quote("--nonce", "xyz")).toMatchObject({ code: 2 });
});

const require = createRequire(import.meta.url);

interface Sdk {
  readonly TpmSecurityClient: new (registrationId?: string, tpm?: object) => Parameters<typeof promisedClient>[0];
}

/** The unmodified SDK at a simulator's port. */
function sdkAt(port: number) {
  const tss = createRequire(require.resolve("azure-iot-security-tpm"))("tss.js") as {
    Tpm: new (simulator: boolean, host: string, port: number) => object;
  };
  const { TpmSecurityClient } = require("azure-iot-security-tpm") as Sdk;
  return promisedClient(new TpmSecurityClient(undefined, new tss.Tpm(true, "127.0.0.1", port)));
}

async function serving(cwd: string) {
  for (let attempt = 0; ; attempt += 1) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const child = startCli(["tpm", "serve", "--state", "new/tpm", "--port", String(port), "--rm-port", "0"], { cwd });
    try {
      await printed(child, "stdout", /simulator/);
      return { child, port };
    } catch (error) {
      if (attempt === 10) throw error;
    }
  }
}

test("tpm serve: creates the folder; the activated key is still there after SIGTERM and after SIGKILL", {
  timeout: 60_000,
}, async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  const first = await serving(cwd);
  const sdk = sdkAt(first.port);
  const endorsementKey = await sdk.endorsementKey();
  const storageRootKey = await sdk.storageRootKey();
  const key = randomBytes(32);
  const hmac = createHmac("sha256", key).update("text").digest();
  await sdk.activate(makeAuthenticationKey({ endorsementKey, storageRootKey, key, random: randomBytes }));
  const killed = outcome(first.child);
  first.child.kill("SIGKILL");
  expect((await killed).code).toBe(null);

  const second = await serving(cwd);
  expect(await sdkAt(second.port).sign(Buffer.from("text"))).toEqual(hmac);
  const ended = outcome(second.child);
  second.child.kill("SIGTERM");
  expect((await ended).code).toBe(0);
  expect((await shown("new/tpm", cwd)).identityKey).toBe(true);
  expect(existsSync(join(cwd, "new", "tpm", "tpm.json"))).toBe(true);
});

test("tpm serve: reports a state that can no longer be written, sends no answer, and continues", async () => {
  await using folder = await temporaryFolder();
  const { child, port } = await serving(folder.path);
  const ended = outcome(child);
  rmSync(join(folder.path, "new"), { recursive: true });
  // A command that changes a lockout parameter, so that the state must be written.
  const command = "8002000000270000013a4000000a00000009400000090000010000000000070000000700000007";
  const send = () =>
    new Promise<number>((resolve) => {
      const socket = connect(port, "127.0.0.1");
      let received = 0;
      socket.on("data", (chunk) => {
        received += chunk.length;
        socket.end();
      });
      socket.on("close", () => resolve(received));
      socket.write(Buffer.from(`000000080000000027${command}`, "hex"));
    });
  expect(await send()).toBe(0);
  mkdirSync(join(folder.path, "new", "tpm"), { recursive: true });
  expect(await send()).toBeGreaterThan(0);
  child.kill("SIGTERM");
  expect(await ended).toMatchObject({ code: 0, stderr: expect.stringContaining("state cannot be written") });
  expect(existsSync(join(folder.path, "new", "tpm", "tpm.json"))).toBe(true);
});

test("tpm serve: a taken port, and both ports switched off", async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  const { child, port } = await serving(cwd);
  const again = await runCli(["tpm", "serve", "--port", String(port), "--rm-port", "0"], { cwd });
  expect(again).toMatchObject({ code: 5, stderr: expect.stringContaining("EADDRINUSE") });
  const ended = outcome(child);
  child.kill("SIGINT");
  await ended;
  expect(await runCli(["tpm", "serve", "--port", "0", "--rm-port", "0"], { cwd })).toMatchObject({ code: 2 });
  expect(await runCli(["tpm", "serve", "--port", "70000"], { cwd })).toMatchObject({ code: 2 });
});
