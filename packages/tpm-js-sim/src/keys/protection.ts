import { timingSafeEqual } from "node:crypto";
import { cfbDecrypt, cfbEncrypt, digest, hmac, kdfa } from "../crypto/crypto.js";
import { algorithms } from "../tables/algorithms.js";
import { decode, Reader } from "../wire/codec.js";
import { hashOf } from "../wire/hashes.js";
import { Tpm2bDigest, Tpm2bSensitive, type TpmtSensitive } from "../wire/structures.js";
import { TpmError } from "../wire/tpm-error.js";

// Part 1, clauses on "Protected Storage", "Duplication" and "Credential Protection": all three wrap bytes the same way.

/** The input of an outer wrapper: the recipient's algorithms, its seed and the Name that the wrapper is bound to. */
export interface Wrapper {
  readonly hashAlg: number;
  readonly keyBits: number;
  readonly seed: Uint8Array;
  readonly name: Uint8Array;
}

function keysOf({ hashAlg, keyBits, seed, name }: Wrapper): { readonly symmetric: Buffer; readonly integrity: Buffer } {
  return {
    symmetric: kdfa({ hashAlg, key: seed, label: "STORAGE", contextU: name, bits: keyBits }),
    integrity: kdfa({ hashAlg, key: seed, label: "INTEGRITY", bits: hashOf(hashAlg).digestSize * 8 }),
  };
}

/** `2B(HMAC) ‖ encrypted`. With an IV, `2B(HMAC) ‖ 2B(iv) ‖ encrypted`: for seeds that wrap more than once. */
export function wrap(wrapper: Wrapper, plain: Uint8Array, iv?: Buffer): Buffer {
  const keys = keysOf(wrapper);
  const encrypted = cfbEncrypt(keys.symmetric, plain, iv);
  const body = iv === undefined ? encrypted : Buffer.concat([Tpm2bDigest.encode(iv), encrypted]);
  const integrity = hmac(wrapper.hashAlg, keys.integrity, body, wrapper.name);
  return Buffer.concat([Tpm2bDigest.encode(integrity), body]);
}

/**
 * The inverse of {@link wrap}. @throws TpmError TPM_RC_INTEGRITY, or TPM_RC_INSUFFICIENT and TPM_RC_SIZE for truncated
 * bytes
 */
export function unwrap(wrapper: Wrapper, wrapped: Uint8Array, withIv = false): Buffer {
  const reader = new Reader(wrapped);
  const integrity = Tpm2bDigest.read(reader);
  const body = reader.rest();
  const keys = keysOf(wrapper);
  const expected = hmac(wrapper.hashAlg, keys.integrity, body, wrapper.name);
  if (integrity.length !== expected.length || !timingSafeEqual(integrity, expected)) throw new TpmError("integrity");
  if (!withIv) return cfbDecrypt(keys.symmetric, body);
  const inner = new Reader(body);
  const iv = Tpm2bDigest.read(inner);
  if (iv.length !== 16) throw new TpmError("size");
  return cfbDecrypt(keys.symmetric, inner.rest(), iv);
}

/** The inner wrapper of a duplicate: `CFB(key, 2B(H(sensitive ‖ name)) ‖ sensitive)`. */
export function wrapInner(hashAlg: number, key: Uint8Array, name: Uint8Array, sensitive: Uint8Array): Buffer {
  const integrity = digest(hashAlg, sensitive, name);
  return cfbEncrypt(key, Buffer.concat([Tpm2bDigest.encode(integrity), sensitive]));
}

/**
 * The inverse of {@link wrapInner}. @throws TpmError TPM_RC_INTEGRITY; or TPM_RC_SIZE, since the wrong key gives a
 * random length
 */
export function unwrapInner(hashAlg: number, key: Uint8Array, name: Uint8Array, wrapped: Uint8Array): Buffer {
  const plain = cfbDecrypt(key, wrapped);
  const { digestSize } = hashOf(hashAlg);
  if (plain.length < 2 + digestSize || plain.readUInt16BE(0) !== digestSize) throw new TpmError("size");
  const sensitive = plain.subarray(2 + digestSize);
  const integrity = plain.subarray(2, 2 + digestSize);
  if (!timingSafeEqual(integrity, digest(hashAlg, sensitive, name))) throw new TpmError("integrity");
  return sensitive;
}

/** MAX_SYM_DATA (Part 2, TPM2B_SENSITIVE_DATA): the longest key of a KEYEDHASH object. */
export const maxSymmetricData = 128;

/** TPM2B_SENSITIVE after all wrappers are off. @throws TpmError TPM_RC_SIZE or TPM_RC_INSUFFICIENT */
export function readSensitive(bytes: Uint8Array): TpmtSensitive {
  const sensitive = decode(Tpm2bSensitive, bytes);
  const limited = sensitive.sensitiveType === algorithms.keyedHash;
  if (limited && sensitive.sensitive.length > maxSymmetricData) throw new TpmError("size");
  return sensitive;
}
