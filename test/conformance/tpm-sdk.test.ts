import { execFile } from "node:child_process";
import { createHmac, randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { createTpm, type TpmOptions } from "tpm-js-sim";
import { TpmClient } from "tpm-js-sim/client";
import { makeAuthenticationKey, registrationIdOf } from "tpm-js-sim/credential";
import { describe, expect, test } from "vitest";
import { vectorState } from "../fixtures/tpm-states.js";
import { base64, tpmVectors } from "../fixtures/tpm-vectors.js";
import { type SdkTpmClient, sdkTpmClient } from "./tpm-sdk.js";
import { sendDevice } from "./tss-devices.mjs";

const { rsa } = tpmVectors;

function device(options: TpmOptions) {
  const tpm = createTpm(options);
  return { tpm, sdk: sdkTpmClient(sendDevice((command) => tpm.send(command))) };
}

async function blobFor(sdk: SdkTpmClient, key: Buffer): Promise<Buffer> {
  const endorsementKey = await sdk.endorsementKey();
  const storageRootKey = await sdk.storageRootKey();
  return makeAuthenticationKey({
    endorsementKey,
    storageRootKey,
    key,
    uri: "HostName=h;DeviceId=d",
    random: randomBytes,
  });
}

function hmacOf(key: Buffer, data: Buffer): string {
  return createHmac("sha256", key).update(data).digest("hex");
}

describe("the unmodified azure-iot-security-tpm over our TPM", () => {
  test.each(["rsa", "ecc"] as const)("activates twice and signs what the server signs: %s keys", async (keys) => {
    const { sdk } = device({ seed: `sdk/${keys}`, keys });
    for (const length of [16, 20, 32, 64]) {
      const key = randomBytes(length);
      await sdk.activate(await blobFor(sdk, key));
      for (const size of [1, 100, 1023, 1024, 1025, 2048, 3000]) {
        const data = randomBytes(size);
        expect((await sdk.sign(data)).toString("hex")).toBe(hmacOf(key, data));
      }
    }
  });

  test("sees the keys and the registration id that our own client sees", async () => {
    const { tpm, sdk } = device({ seed: "sdk/same" });
    const endorsementKey = await sdk.endorsementKey();
    const storageRootKey = await sdk.storageRootKey();
    expect(await sdk.registrationId()).toBe(registrationIdOf(endorsementKey));
    for (const seen of [tpm, createTpm({ seed: "sdk/same" })]) {
      const client = new TpmClient((command) => seen.send(command));
      expect(client.endorsementKey()).toEqual(endorsementKey);
      expect(client.storageRootKey()).toEqual(storageRootKey);
    }
  });

  test("agrees with the test vector: keys, registration id, blob, HMAC", async () => {
    const { sdk } = device({ state: vectorState });
    expect((await sdk.endorsementKey()).toString("base64")).toBe(rsa.ek.tpm2bPublicBase64);
    expect((await sdk.storageRootKey()).toString("base64")).toBe(rsa.srk.tpm2bPublicBase64);
    expect(await sdk.registrationId()).toBe(rsa.registrationId);
    await sdk.activate(base64(rsa.authenticationKeyBase64));
    expect((await sdk.sign(Buffer.from(rsa.sign.messageUtf8))).toString("hex")).toBe(rsa.sign.expectedHmac);
  });

  test("signs at once after a restart, with the key that an earlier run activated", async () => {
    const first = device({ seed: "sdk/restart", keys: "ecc" });
    const key = randomBytes(32);
    await first.sdk.activate(await blobFor(first.sdk, key));
    const second = device({ state: first.tpm.snapshot() });
    const data = Buffer.from("after the restart");
    expect((await second.sdk.sign(data)).toString("hex")).toBe(hmacOf(key, data));
  });

  test("says that nothing was activated yet", async () => {
    const { sdk } = device({ seed: "sdk/none", keys: "ecc" });
    await expect(sdk.sign(Buffer.from("x"))).rejects.toMatchObject({ name: "InvalidOperationError" });
  });
});

interface Ended {
  readonly code: number;
  readonly lines: readonly string[];
  readonly stderr: string;
}

function activateInChild(authenticationKey: Buffer): Promise<Ended> {
  const script = fileURLToPath(new URL("./tpm-sdk-child.mjs", import.meta.url));
  const state = Buffer.from(JSON.stringify(vectorState)).toString("base64");
  return new Promise((resolve) => {
    execFile(process.execPath, [script, state, authenticationKey.toString("base64")], (error, stdout, stderr) => {
      const code = typeof error?.code === "number" ? error.code : 0;
      resolve({ code, lines: stdout.trim().split("\n"), stderr });
    });
  });
}

describe("a blob that the TPM refuses, through the SDK in a process of its own", () => {
  const good = base64(rsa.authenticationKeyBase64);

  test("a valid blob reaches the callback", async () => {
    const { code, lines } = await activateInChild(good);
    expect({ code, last: lines.at(-1) }).toEqual({ code: 0, last: "callback ok" });
  });

  // The SDK reads the result before the error and dies of a TypeError; our TPM's answer is printed before that.
  test.each([
    { part: "credential", offset: 50, answer: "147 1df" },
    { part: "credential's secret", offset: 100, answer: "147 2c4" },
    { part: "duplicate", offset: 400, answer: "156 3df" },
    { part: "duplicate's secret", offset: 500, answer: "156 4c4" },
    { part: "public area", offset: 790, answer: "156 3df" },
  ])("one bit of the $part: $answer", async ({ offset, answer }) => {
    const bad = Buffer.from(good);
    bad[offset] = (bad[offset] ?? 0) ^ 1;
    const { code, lines, stderr } = await activateInChild(bad);
    expect(lines.at(-1)).toBe(answer);
    expect(code).not.toBe(0);
    expect(stderr).toContain("TypeError");
  });

  test("a blob without its last part never reaches the TPM's ActivateCredential", async () => {
    const { lines } = await activateInChild(good.subarray(0, 796));
    expect(lines.at(-1)).toBe("callback SecurityDeviceError");
  });
});
