import { createHmac, randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { base64, hex, tpmVectors } from "../../../test/fixtures/tpm-vectors.js";
import { TpmCommandError } from "./client/call-tpm.js";
import { AuthenticationKeyError, TpmClient } from "./client/client.js";
import {
  encodeAuthenticationKey,
  makeAuthenticationKey,
  parseAuthenticationKey,
  parseTpm2bPublic,
} from "./keys/credential.js";
import { devicePrimaries, ekTemplate, registrationIdOf } from "./keys/templates.js";
import { hierarchies, persistentHandles } from "./tables/handles.js";
import { createTpm, prepareTpm, stateWithKeys, type TpmOptions, type VirtualTpm } from "./virtual-tpm.js";

const { rsa, eccExtension: ecc } = tpmVectors;

function clientOf(tpm: VirtualTpm): TpmClient {
  return new TpmClient((command) => tpm.send(command));
}

function device(options: TpmOptions): TpmClient {
  return clientOf(createTpm(options));
}

const vectorStates = {
  rsa: stateWithKeys({
    seed: "vector",
    keys: [
      {
        handle: persistentHandles.endorsementKey,
        hierarchy: hierarchies.endorsement,
        publicKey: base64(rsa.ek.tpm2bPublicBase64),
        privateKey: { pkcs8: base64(rsa.ek.privatePkcs8DerBase64) },
      },
      {
        handle: persistentHandles.storageRootKey,
        hierarchy: hierarchies.owner,
        publicKey: base64(rsa.srk.tpm2bPublicBase64),
        privateKey: { pkcs8: base64(rsa.srk.privatePkcs8DerBase64) },
      },
    ],
  }),
  ecc: stateWithKeys({
    seed: "vector",
    keys: [
      {
        handle: persistentHandles.endorsementKey,
        hierarchy: hierarchies.endorsement,
        publicKey: base64(ecc.ek.tpm2bPublicBase64),
        privateKey: { scalar: hex(ecc.ek.p256PrivateScalar) },
      },
      {
        handle: persistentHandles.storageRootKey,
        hierarchy: hierarchies.owner,
        publicKey: base64(ecc.srk.tpm2bPublicBase64),
        privateKey: { scalar: hex(ecc.srk.p256PrivateScalar) },
      },
    ],
  }),
};

describe("the vectors' keys in our TPM", () => {
  test.each([
    { title: "RSA-2048", state: vectorStates.rsa, vector: rsa },
    { title: "P-256", state: vectorStates.ecc, vector: ecc },
  ])("$title: the vector's blob is activated and signs as the server does", ({ state, vector }) => {
    const client = device({ state });
    expect(client.endorsementKey().toString("base64")).toBe(vector.ek.tpm2bPublicBase64);
    expect(client.storageRootKey().toString("base64")).toBe(vector.srk.tpm2bPublicBase64);
    client.activateIdentityKey(base64(vector.authenticationKeyBase64));
    expect(client.sign(Buffer.from(vector.sign.messageUtf8)).toString("hex")).toBe(vector.sign.expectedHmac);
  });
});

function blobFor(client: TpmClient, key: Buffer): Buffer {
  const endorsementKey = client.endorsementKey();
  const storageRootKey = client.storageRootKey();
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

describe("activation and signing", () => {
  test.each([16, 20, 32, 64])("a key of %i bytes, messages of every length that matters, twice", (length) => {
    const client = device({ seed: "sign", keys: "ecc" });
    for (const key of [randomBytes(length), randomBytes(length)]) {
      client.activateIdentityKey(blobFor(client, key));
      for (const size of [0, 1, 1023, 1024, 1025, 2048, 3000]) {
        const data = randomBytes(size);
        expect(client.sign(data).toString("hex")).toBe(hmacOf(key, data));
      }
    }
  });

  test("leaves no session and no object behind, whether it succeeds or fails", () => {
    const tpm = createTpm({ seed: "clean", keys: "ecc" });
    const client = clientOf(tpm);
    const good = blobFor(client, randomBytes(32));
    const bad = Buffer.from(good);
    bad[40] = (bad[40] ?? 0) ^ 1;
    for (let round = 0; round < 70; round += 1) {
      expect(() => client.activateIdentityKey(bad)).toThrow(TpmCommandError);
      client.activateIdentityKey(good);
    }
    for (const first of ["02000000", "03000000", "80000000"]) {
      const getHandles = hex(`8001000000160000017a00000001${first}000000fe`);
      expect(tpm.send(getHandles).toString("hex")).toBe("8001000000130000000000" + "0000000100000000");
    }
  });

  test("an invalid authentication key never reaches the TPM", () => {
    const client = device({ seed: "clean", keys: "ecc" });
    const good = blobFor(client, randomBytes(32));
    expect(() => client.activateIdentityKey(good.subarray(0, 100))).toThrow(AuthenticationKeyError);
    const parts = parseAuthenticationKey(good);
    const noPublic = encodeAuthenticationKey({ ...parts, publicArea: Buffer.from("no") });
    expect(() => client.activateIdentityKey(noPublic)).toThrow(AuthenticationKeyError);
  });

  test("signing before any activation says which command failed and how", () => {
    const failed = { command: "HMAC", responseCode: 0x18b, message: "TPM2_HMAC: TPM_RC_HANDLE, handle 1 (0x18b)" };
    expect(() => device({ seed: "new", keys: "ecc" }).sign(Buffer.from("x"))).toThrow(expect.objectContaining(failed));
  });

  test.each(["", "8001", "80010000000a000000000000"])("an unreadable response: '%s'", (text) => {
    const client = new TpmClient(() => hex(text));
    expect(() => client.sign(Buffer.from("x"))).toThrow(
      expect.objectContaining({ command: "HMAC", responseCode: undefined }),
    );
  });
});

describe("a TPM that asks to try again", () => {
  function reluctant(refusals: number): TpmClient {
    const tpm = createTpm({ seed: "retry", keys: "ecc" });
    let left = refusals;
    return new TpmClient((command) => {
      left -= 1;
      return left < 0 ? tpm.send(command) : hex("80010000000a00000922");
    });
  }

  test("is asked again, but not forever", () => {
    expect(reluctant(9).endorsementKey()).toEqual(reluctant(0).endorsementKey());
    expect(() => reluctant(Number.POSITIVE_INFINITY).sign(Buffer.from("x"))).toThrow("TPM2_HMAC: TPM_RC_RETRY (0x922)");
  });

  test("an error of the transport is passed on unchanged", () => {
    const fault = new Error("the TPM is on fire");
    const client = new TpmClient(() => {
      throw fault;
    });
    expect(() => client.endorsementKey()).toThrow(fault);
  });
});

describe("one bit changed in an authentication key", () => {
  const client = device({ state: vectorStates.rsa });
  const good = base64(rsa.authenticationKeyBase64);

  // Offsets into the 826 bytes: attestation.md#challenge.
  test.each([
    { part: "idObject, HMAC", offset: 10, command: "ActivateCredential", code: 0x1df },
    { part: "idObject, encIdentity", offset: 50, command: "ActivateCredential", code: 0x1df },
    { part: "encSecret", offset: 100, command: "ActivateCredential", code: 0x2c4 },
    { part: "duplicate, HMAC", offset: 320, command: "Import", code: 0x3df },
    { part: "duplicate, sensitive", offset: 400, command: "Import", code: 0x3df },
    { part: "encWrapKey", offset: 500, command: "Import", code: 0x4c4 },
    { part: "public area, policy", offset: 733, command: "Import", code: 0x3df },
    { part: "public area, unique", offset: 790, command: "Import", code: 0x3df },
  ])("$part: $command answers", ({ offset, command, code }) => {
    const bad = Buffer.from(good);
    bad[offset] = (bad[offset] ?? 0) ^ 1;
    expect(() => client.activateIdentityKey(bad)).toThrow(expect.objectContaining({ command, responseCode: code }));
  });

  test("a blob for another endorsement key", () => {
    const other = device({ seed: "other", keys: "ecc" });
    const blob = blobFor(other, randomBytes(32));
    const mine = device({ seed: "mine", keys: "ecc" });
    const failed = { command: "ActivateCredential", responseCode: 0x1df };
    expect(() => mine.activateIdentityKey(blob)).toThrow(expect.objectContaining(failed));
  });
});

describe("primary keys", () => {
  test("the same seed gives the same keys, another seed others, and each registration id follows", async () => {
    const hints = await prepareTpm({ seed: "fleet/1" });
    const searched = device({ seed: "fleet/1" });
    const hinted = device({ seed: "fleet/1", hints });
    expect(hinted.endorsementKey()).toEqual(searched.endorsementKey());
    expect(hinted.storageRootKey()).toEqual(searched.storageRootKey());
    // Fixed values: enrollments that were written with an earlier version must stay valid.
    expect(registrationIdOf(searched.endorsementKey())).toBe("3rspinwogpzjcuwwppvexfelqojll4gtmwxm2ftrmyruk6iqj6lq");
    const other = device({ seed: Buffer.from("fleet/2") });
    expect(other.endorsementKey()).not.toEqual(searched.endorsementKey());
    for (const key of [searched.endorsementKey(), searched.storageRootKey()]) {
      expect(parseTpm2bPublic(key)).toMatchObject({ kind: "usable" });
    }
  });

  test("hints of another seed are recognised and ignored", async () => {
    const right = await prepareTpm({ seed: "right" });
    const wrong = await prepareTpm({ seed: "wrong" });
    const ids = Object.keys(right);
    const mixed = Object.fromEntries(ids.map((id, index) => [id, Object.values(wrong)[index] ?? ""]));
    const key = device({ seed: "right", hints: right }).endorsementKey();
    expect(device({ seed: "right", hints: mixed }).endorsementKey()).toEqual(key);
  });

  test("another template gives another key: 256 zero bytes in `unique`, as C# and IoT Edge send them", () => {
    const [, srk] = devicePrimaries;
    if (srk === undefined || ekTemplate.type !== 0x0001) throw new Error("the templates are not what they were");
    const template = { ...ekTemplate, unique: Buffer.alloc(256) };
    const tpm = createTpm({ seed: "fleet/1" });
    const primaries = [{ hierarchy: hierarchies.endorsement, template }, srk];
    const edge = new TpmClient((command) => tpm.send(command), { primaries });
    expect(edge.endorsementKey()).not.toEqual(device({ seed: "fleet/1" }).endorsementKey());
  });
});

describe("state", () => {
  test("survives as JSON: the keys, the identity key, and the hints", () => {
    const tpm = createTpm({ seed: "kept" });
    const client = clientOf(tpm);
    const key = randomBytes(32);
    client.activateIdentityKey(blobFor(client, key));
    const state = JSON.parse(JSON.stringify(tpm.snapshot())) as ReturnType<VirtualTpm["snapshot"]>;
    const restored = createTpm({ state });
    const again = clientOf(restored);
    expect(again.endorsementKey()).toEqual(client.endorsementKey());
    expect(again.storageRootKey()).toEqual(client.storageRootKey());
    expect(again.sign(Buffer.from("x")).toString("hex")).toBe(hmacOf(key, Buffer.from("x")));
    expect(restored.snapshot()).toEqual(state);
    // A child of the restored parent still loads: the parent's seed came back too.
    again.activateIdentityKey(blobFor(again, key));
  });

  test("a state of another version is refused", () => {
    const state = { ...createTpm({ seed: "x" }).snapshot(), version: 2 } as never; // what another version would write
    expect(() => createTpm({ state })).toThrow("TPM state version 2");
  });

  test("power: off drops transient objects and keeps persistent ones; on waits for Startup", () => {
    const tpm = createTpm({ seed: "power", keys: "ecc" });
    const client = clientOf(tpm);
    const ek = client.endorsementKey();
    const startup = hex("80010000000c000001440000");
    expect(tpm.send(startup).toString("hex")).toBe("80010000000a00000100");
    const nonce = "0010".padEnd(36, "0");
    const startPolicySession = hex(`80010000002b000001764000000740000007${nonce}0000010010000b`);
    expect(tpm.send(startPolicySession).readUInt32BE(6)).toBe(0);
    tpm.powerOn();
    expect(client.endorsementKey()).toEqual(ek);
    tpm.powerOff();
    expect(tpm.send(startup).readUInt32BE(6)).toBe(0x100);
    tpm.powerOn();
    expect(() => client.sign(Buffer.from("x"))).toThrow(expect.objectContaining({ responseCode: 0x100 }));
    expect(tpm.send(hex("80010000000c000001440001")).readUInt32BE(6)).toBe(0x1c4);
    expect(tpm.send(startup).readUInt32BE(6)).toBe(0);
    expect(client.endorsementKey()).toEqual(ek);
    // The session is gone.
    expect(tpm.send(hex("80010000000e0000016503000000")).readUInt32BE(6)).toBe(0x1cb);
  });
});
