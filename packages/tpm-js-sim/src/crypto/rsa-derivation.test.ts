import { constants, createPublicKey, privateDecrypt, publicEncrypt } from "node:crypto";
import { describe, expect, test } from "vitest";
import { deriveRsaKey } from "./rsa-derivation.js";
import { deriveRsaKeyAsync } from "./rsa-workers.js";

const seeds = [Buffer.alloc(32, 1), Buffer.alloc(32, 2), Buffer.from("a short one")];
const modulusOf = (derived: ReturnType<typeof deriveRsaKey>) => derived.key.export({ format: "jwk" }).n;

describe("deriveRsaKey", () => {
  test.each(seeds)("makes the same RSA-2048 key each way: seed %#", async (seed) => {
    const searched = deriveRsaKey(seed);
    const inPool = await deriveRsaKeyAsync(seed);
    const hinted = deriveRsaKey(seed, searched.hint);
    expect(searched.hint).toHaveLength(8);
    expect(searched.modulus.toString("base64url")).toBe(modulusOf(searched));
    for (const other of [inPool, hinted, await deriveRsaKeyAsync(seed, searched.hint)]) {
      expect(other.key.export({ format: "jwk" })).toEqual(searched.key.export({ format: "jwk" }));
      expect(other.hint).toEqual(searched.hint);
    }
    expect(searched.key.asymmetricKeyDetails).toEqual({ modulusLength: 2048, publicExponent: 65537n });
    const padding = { padding: constants.RSA_PKCS1_OAEP_PADDING };
    const encrypted = publicEncrypt({ key: createPublicKey(searched.key), ...padding }, Buffer.from("secret"));
    expect(privateDecrypt({ key: searched.key, ...padding }, encrypted).toString()).toBe("secret");
  });

  test("ignores a hint of another seed", () => {
    const [one = Buffer.alloc(0), other = Buffer.alloc(0)] = seeds;
    const right = deriveRsaKey(one);
    for (const hint of [deriveRsaKey(other).hint, Buffer.alloc(8), Buffer.alloc(3)]) {
      expect(modulusOf(deriveRsaKey(one, hint))).toBe(modulusOf(right));
    }
  });
});
