import { createPrivateKey, generateKeyPairSync, randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { base64, tpmVectors } from "../../../test/fixtures/tpm-vectors.js";
import { TpmClient } from "./client/client.js";
import { generatedRsaKeys, pooledRsaKeys } from "./crypto/rsa-keys.js";
import { badAuthenticationKeys, cleared, lockedOut, withOtherEndorsementKey } from "./damaged-states.js";
import { makeAuthenticationKey } from "./keys/credential.js";
import type { TpmState } from "./memory/state.js";
import { createTpm, type TpmOptions } from "./virtual-tpm.js";

function clientOf(options: TpmOptions): TpmClient {
  const tpm = createTpm(options);
  return new TpmClient((command) => tpm.send(command));
}

function keysOf(client: TpmClient) {
  return { endorsementKey: client.endorsementKey(), storageRootKey: client.storageRootKey() };
}

function provisioned(options: TpmOptions): TpmState {
  const tpm = createTpm(options);
  const client = new TpmClient((command) => tpm.send(command));
  client.activateIdentityKey(makeAuthenticationKey({ ...keysOf(client), key: randomBytes(32), random: randomBytes }));
  return tpm.snapshot();
}

const keyPool = pooledRsaKeys(
  [tpmVectors.rsa.ek, tpmVectors.rsa.srk].map(({ privatePkcs8DerBase64: der }) =>
    createPrivateKey({ key: base64(der), format: "der", type: "pkcs8" }),
  ),
);

describe.each(["rsa", "ecc"] as const)("accidents of a TPM with %s keys", (keys) => {
  const state = provisioned({ seed: "accident", keys });
  const before = keysOf(clientOf({ state }));

  test("cleared: the SRK changes, the EK stays, the identity key is gone; twice gives a third SRK", () => {
    const once = cleared(state);
    const client = clientOf({ state: once });
    const after = keysOf(client);
    expect(after.endorsementKey).toEqual(before.endorsementKey);
    expect(after.storageRootKey).not.toEqual(before.storageRootKey);
    expect(after.storageRootKey.length).toBe(before.storageRootKey.length);
    expect(() => client.sign(Buffer.from("x"))).toThrow(expect.objectContaining({ responseCode: 0x18b }));
    expect(keysOf(clientOf({ state: cleared(state) }))).toEqual(after);
    expect(keysOf(clientOf({ state: cleared(once) })).storageRootKey).not.toEqual(after.storageRootKey);
  });

  test("another EK: the SRK stays, and so does the identity key", () => {
    const client = clientOf({ state: withOtherEndorsementKey(state, "board 2") });
    const after = keysOf(client);
    expect(after.endorsementKey).not.toEqual(before.endorsementKey);
    expect(after.storageRootKey).toEqual(before.storageRootKey);
    expect(client.sign(Buffer.from("x"))).toEqual(clientOf({ state }).sign(Buffer.from("x")));
    expect(keysOf(clientOf({ state: withOtherEndorsementKey(state, "board 2") }))).toEqual(after);
  });

  test("a clone signs as the original", () => {
    expect(clientOf({ state: structuredClone(state) }).sign(Buffer.from("x"))).toEqual(
      clientOf({ state }).sign(Buffer.from("x")),
    );
  });

  test("bad challenges: each is refused where it must be, the good one and a stale one are taken", () => {
    const target = clientOf({ state });
    const other = keysOf(clientOf({ seed: "other", keys }));
    const bad = badAuthenticationKeys({ target: before, other, key: randomBytes(32), random: randomBytes });
    const foreignCode = keys === "rsa" ? 0x2c4 : 0x1df;
    const activation = (blob: Buffer) => () => target.activateIdentityKey(blob);
    expect(activation(bad.foreign)).toThrow(
      expect.objectContaining({ command: "ActivateCredential", responseCode: foreignCode }),
    );
    expect(activation(bad.wrongStorageRootKey)).toThrow(
      expect.objectContaining({ command: "ActivateCredential", responseCode: 0x1df }),
    );
    expect(activation(bad.damaged)).toThrow(expect.objectContaining({ responseCode: 0x1df }));
    expect(activation(bad.truncated)).toThrow(expect.objectContaining({ name: "AuthenticationKeyError" }));
    expect(activation(bad.good)).not.toThrow();
    expect(activation(bad.good)).not.toThrow();
  });

  test("locked out: protected entities are refused until a reset; DPS's keys are not protected", () => {
    const tpm = createTpm({ state: lockedOut(state) });
    const property = Buffer.from("8001000000160000017a000000060000020e00000001", "hex");
    expect(tpm.send(property).subarray(-4).readUInt32BE()).toBe(3);
    const reset = Buffer.from("80020000001b000001394000000a00000009400000090000010000", "hex");
    expect(new TpmClient((command) => tpm.send(command)).sign(Buffer.from("x")).length).toBe(32);
    expect(tpm.send(reset).readUInt32BE(6)).toBe(0);
    expect(tpm.send(property).subarray(-4).readUInt32BE()).toBe(0);
  });
});

describe("where RSA keys come from", () => {
  test("a pool: its keys, the same for the same seed, and they activate", () => {
    const first = keysOf(clientOf({ seed: "pool", rsaKeys: keyPool }));
    expect(keysOf(clientOf({ seed: "pool", rsaKeys: keyPool }))).toEqual(first);
    expect(provisioned({ seed: "pool", rsaKeys: keyPool }).persistent).toHaveLength(3);
    expect(() => clientOf({ seed: "empty", rsaKeys: pooledRsaKeys([]) }).endorsementKey()).toThrow(
      expect.objectContaining({ responseCode: 0x101 }),
    );
  });

  test("generated: another key each time, which stays once it is persistent", () => {
    const tpm = createTpm({ seed: "generated", rsaKeys: generatedRsaKeys });
    const client = new TpmClient((command) => tpm.send(command));
    const endorsementKey = client.endorsementKey();
    expect(client.endorsementKey()).toEqual(endorsementKey);
    expect(clientOf({ state: tpm.snapshot() }).endorsementKey()).toEqual(endorsementKey);
    expect(clientOf({ seed: "generated" }).endorsementKey()).not.toEqual(endorsementKey);
  });

  test("a custom source", () => {
    const { privateKey: key } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const seeds: Buffer[] = [];
    const rsaKeys = {
      rsaKey: (seed: Buffer) => {
        seeds.push(seed);
        return { key };
      },
    };
    const modulus = Buffer.from(key.export({ format: "jwk" }).n ?? "", "base64url");
    expect(clientOf({ seed: "own", rsaKeys }).endorsementKey().subarray(-256)).toEqual(modulus);
    expect(seeds).toHaveLength(1);
  });
});
