import { createPrivateKey, verify } from "node:crypto";
import { describe, expect, it } from "vitest";
import { derivedKeyPair } from "./seeded.js";
import { signDeterministically } from "./sign-certificate.js";

describe("derivedKeyPair", () => {
  it("gives the same key for the same seed and label", () => {
    const pem = (seed: string, label: string) =>
      derivedKeyPair(seed, label).privateKey.export({ type: "pkcs8", format: "pem" });
    expect(pem("s", "a")).toBe(pem("s", "a"));
    expect(new Set([pem("s", "a"), pem("s", "b"), pem("t", "a")]).size).toBe(3);
  });

  it("gives a pair that belongs together", () => {
    const { privateKey, publicKey } = derivedKeyPair("s", "a");
    const data = Buffer.from("data");
    const signature = signDeterministically(privateKey, data);
    expect(verify("sha256", data, { key: publicKey, dsaEncoding: "ieee-p1363" }, signature)).toBe(true);
  });
});

/** RFC 6979 appendix A.2.5: P-256 with SHA-256. */
const rfc6979 = {
  d: "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721",
  x: "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6",
  y: "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299",
  signatures: {
    sample:
      "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8",
    test: "F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083",
  },
};

describe("signDeterministically", () => {
  const part = (hex: string) => Buffer.from(hex, "hex").toString("base64url");
  const { d, x, y, signatures } = rfc6979;
  const key = createPrivateKey({ format: "jwk", key: { kty: "EC", crv: "P-256", d: part(d), x: part(x), y: part(y) } });

  it.each(Object.entries(signatures))("RFC 6979 A.2.5, message %j", (message, expected) => {
    const signature = signDeterministically(key, Buffer.from(message));
    expect(Buffer.from(signature).toString("hex").toUpperCase()).toBe(expected);
  });
});
