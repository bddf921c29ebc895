import { createECDH, createPrivateKey, createPublicKey, hkdfSync, type KeyObject } from "node:crypto";

/** A key pair as node:crypto holds it. */
export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** Order of the P-256 group (FIPS 186-4 D.1.2.3). */
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** `length` bytes that depend on seed and label only: HKDF-SHA256 without salt (RFC 5869). */
export function seededBytes(seed: string, label: string, length: number): Buffer {
  return Buffer.from(hkdfSync("sha256", seed, "", label, length));
}

/**
 * The P-256 key pair of a seed and a label, the same on any machine. 384 bits are reduced to a scalar, so that no
 * scalar is likelier than another (FIPS 186-5 A.2.1). A seed is as secret as the keys made from it. Takes 0.3 ms.
 */
export function derivedKeyPair(seed: string, label: string): KeyPair {
  const wide = BigInt(`0x${seededBytes(seed, `rollcall key ${label}`, 48).toString("hex")}`);
  const scalar = Buffer.from(((wide % (order - 1n)) + 1n).toString(16).padStart(64, "0"), "hex");
  const ecdh = createECDH("prime256v1");
  ecdh.setPrivateKey(scalar);
  const point = ecdh.getPublicKey();
  const privateKey = createPrivateKey({
    format: "jwk",
    key: {
      kty: "EC",
      crv: "P-256",
      d: scalar.toString("base64url"),
      x: point.subarray(1, 33).toString("base64url"),
      y: point.subarray(33).toString("base64url"),
    },
  });
  return { privateKey, publicKey: createPublicKey(privateKey) };
}
