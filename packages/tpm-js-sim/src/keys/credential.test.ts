import { createHmac, randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { base64, fixedRandom, hex, tpmVectors } from "../../../../test/fixtures/tpm-vectors.js";
import { kdfa } from "../crypto/crypto.js";
import { algorithms } from "../tables/algorithms.js";
import {
  encodeAuthenticationKey,
  keyName,
  makeAuthenticationKey,
  makeCredential,
  makeIdentityKey,
  parseAuthenticationKey,
  registrationIdOf,
} from "./credential.js";
import { unwrapInner, wrap, wrapInner } from "./protection.js";

const { rsa, eccExtension: ecc } = tpmVectors;

function inputs(vector: { readonly inputs: Readonly<Record<string, string>> }) {
  return (name: string): Buffer => hex(vector.inputs[name] ?? "");
}

describe("makeAuthenticationKey", () => {
  const rsaInput = inputs(rsa);
  const rsaDraws = [
    "seedValue",
    "innerWrapKey",
    "duplicateSeed",
    "duplicateOaepSeed",
    "credentialSeed",
    "credentialOaepSeed",
  ];
  const eccInput = inputs(ecc);
  const eccDraws = ["seedValue", "innerWrapKey", "duplicateEphemeralPrivate", "credentialEphemeralPrivate"];

  const cases = [
    { title: "RSA-2048", vector: rsa, input: rsaInput, draws: rsaDraws },
    { title: "P-256", vector: ecc, input: eccInput, draws: eccDraws },
  ];

  test.each(cases)("gives the vector's bytes: $title", ({ vector, input, draws }) => {
    const made = makeAuthenticationKey({
      endorsementKey: base64(vector.ek.tpm2bPublicBase64),
      storageRootKey: base64(vector.srk.tpm2bPublicBase64),
      key: input("idKey"),
      uri: vector.inputs["uriData"] ?? "",
      random: fixedRandom(draws.map(input)),
    });
    const { parts } = vector;
    const found = parseAuthenticationKey(made);
    expect(found.idObject.toString("hex")).toBe(parts.idObject);
    expect(found.encSecret.toString("hex")).toBe(parts.encSecret);
    expect(found.duplicate.toString("hex")).toBe(parts.duplicate);
    expect(found.encWrapKey.toString("hex")).toBe(parts.encWrapKey);
    expect(found.publicArea.toString("hex")).toBe(parts.idPub);
    // The P-256 vector leaves the sixth part out of its list; it is in the blob.
    expect(found.encUriData.toString("hex")).toBe(rsa.parts.encUri);
    expect(made.toString("base64")).toBe(vector.authenticationKeyBase64);
    expect(made).toHaveLength(vector.authenticationKeyLength);
    expect(encodeAuthenticationKey(found)).toEqual(made);
  });

  test.each([16, 20, 32, 64])("has 766 bytes and those of the key, without a URI: a key of %i bytes", (length) => {
    const made = makeAuthenticationKey({
      endorsementKey: base64(rsa.ek.tpm2bPublicBase64),
      storageRootKey: base64(rsa.srk.tpm2bPublicBase64),
      key: randomBytes(length),
      random: randomBytes,
    });
    expect(made).toHaveLength(766 + length);
  });

  test.each([0, 15, 65])("refuses a key of %i bytes", (length) => {
    const make = () =>
      makeAuthenticationKey({
        endorsementKey: base64(rsa.ek.tpm2bPublicBase64),
        storageRootKey: base64(rsa.srk.tpm2bPublicBase64),
        key: Buffer.alloc(length),
        random: randomBytes,
      });
    expect(make).toThrow(RangeError);
  });

  test("ignores bytes after the sixth part, and requires the sixth part", () => {
    const bytes = base64(rsa.authenticationKeyBase64);
    expect(parseAuthenticationKey(Buffer.concat([bytes, Buffer.from("more")]))).toEqual(parseAuthenticationKey(bytes));
    const withoutLast = bytes.subarray(0, 798 - 2);
    expect(() => parseAuthenticationKey(withoutLast)).toThrow("TPM_RC_INSUFFICIENT");
  });
});

describe("names", () => {
  test.each([rsa.ek, rsa.srk, ecc.ek, ecc.srk])("$name", ({ tpm2bPublicBase64, name }) => {
    expect(keyName(base64(tpm2bPublicBase64)).toString("hex")).toBe(name);
  });

  test("the default registration id", () => {
    expect(registrationIdOf(base64(rsa.ek.tpm2bPublicBase64))).toBe(rsa.registrationId);
  });

  test.each(["", "00", "0005000b", "ffff0001000b00000000"])("refuses bytes that are not a TPM2B: %s", (text) => {
    expect(() => keyName(hex(text))).toThrow(RangeError);
  });
});

/** attestation.md#counting-vector: byte strings that count up by one. */
describe("the deterministic vector", () => {
  const hashAlg = algorithms.sha256;
  const count = (first: number, length: number): Buffer =>
    Buffer.from(Array.from({ length }, (_, index) => first + index));
  const srkName = Buffer.concat([hex("000b"), count(0x80, 32)]);
  const wrapKey = count(0x10, 16);
  const [seed1, seed2] = [count(0x20, 32), count(0x40, 32)];
  const [seedValue, key] = [count(0x60, 32), count(0xa0, 32)];
  const part5 =
    "0008000b000404400020bef56b8c1cc84e11edd717528d2cd99356bd2bbf8f015209c3f84aeeaba8e8a20005000b0020534fb45be14892a927b2a5a42d9fb6f1053a3799e41a762601b485ee2576c426";
  const idName = hex("000bab0205ce634feb8af12ae24989ecd36b30e112ce210f86b40aac899f93d83c9c");
  const inner =
    "ed8379075d3152a2c06a685d24330a1cea46ceb0904c46fc6f00cb6214b8ecaa6554b861f0dfbf713c98ff2490077540003b2a3daa4573a6fdc13f7116c1ba1c342a20a323112f116f7f496b591c2fd4a26a88b2abe6689341847a57d488af0d3033cdc44cbfce36ded54304";
  const part1 =
    "002083f762bbe5bbf0b0a59135d67762921098f9e1787736e4d8629bfa3273352cb10a6a208fb256f5250b1a8d2c3af27b7f96b2";
  const part3 =
    "0020394d46aa52fa765eecbc205e1e832f26a3b4fb5295aab28dc8ba6b21f17f459f21079cf1bf42fda4ba0d66c5a67cdc4c6fec541f730bd440b9a4fc0e0ed01afb1811f4d9afd06703b16fd0590d05da7c407eea4c2e6ea616a030a52e49bb48eef93f6eb1170945442f429f5aa2cd100fba5b1a811bc77cd19e49ad8f3d412ff539e7a9ea1d3cab52fa666678";

  test.each([
    {
      of: "seed1 STORAGE",
      seed: seed1,
      label: "STORAGE",
      contextU: srkName,
      bits: 128,
      is: "4b12c36145e64be6006519918129c888",
    },
    {
      of: "seed1 INTEGRITY",
      seed: seed1,
      label: "INTEGRITY",
      contextU: Buffer.alloc(0),
      bits: 256,
      is: "a59f83ebb69b4d9e96423384c6688d561897e006de455f849a5f147faf8c7cdb",
    },
    {
      of: "seed2 STORAGE",
      seed: seed2,
      label: "STORAGE",
      contextU: idName,
      bits: 128,
      is: "0140ee5155baf7ccefee76fba7de9245",
    },
    {
      of: "seed2 INTEGRITY",
      seed: seed2,
      label: "INTEGRITY",
      contextU: Buffer.alloc(0),
      bits: 256,
      is: "01927eb72a10a617a5f9166fc789e6a5acbac94d27180042441cada7147483e2",
    },
  ])("KDFa of $of", ({ seed, label, contextU, bits, is }) => {
    expect(kdfa({ hashAlg, key: seed, label, contextU, bits }).toString("hex")).toBe(is);
  });

  test("parts 1, 3 and 5", () => {
    const credential = makeCredential({
      endorsementKey: base64(rsa.ek.tpm2bPublicBase64),
      name: srkName,
      credential: wrapKey,
      random: fixedRandom([seed1, count(0, 32)]),
    });
    expect(credential.idObject.toString("hex")).toBe(part1);
    const identity = makeIdentityKey({
      storageRootKey: base64(rsa.srk.tpm2bPublicBase64),
      key,
      seedValue,
      innerWrapKey: wrapKey,
      random: fixedRandom([seed2, count(0, 32)]),
    });
    expect(identity.publicArea.toString("hex")).toBe(part5);
    expect(identity.duplicate.toString("hex")).toBe(part3);
    expect(wrap({ hashAlg, keyBits: 128, seed: seed2, name: idName }, hex(inner)).toString("hex")).toBe(part3);
  });

  test("the inner wrapper", () => {
    const sensitive = Buffer.concat([hex("0048000800000020"), seedValue, hex("0020"), key]);
    expect(wrapInner(hashAlg, wrapKey, idName, sensitive).toString("hex")).toBe(inner);
    expect(unwrapInner(hashAlg, wrapKey, idName, hex(inner))).toEqual(sensitive);
    expect(() => unwrapInner(hashAlg, wrapKey, srkName, hex(inner))).toThrow("TPM_RC_INTEGRITY");
    expect(() => unwrapInner(hashAlg, count(0, 16), idName, hex(inner))).toThrow("TPM_RC_SIZE");
  });
});

test("the vector's HMAC is that of the vector's key", () => {
  const mac = createHmac("sha256", hex(rsa.inputs["idKey"] ?? ""))
    .update(rsa.sign.messageUtf8)
    .digest("hex");
  expect(mac).toBe(rsa.sign.expectedHmac);
});
