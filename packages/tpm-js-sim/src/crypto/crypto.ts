import {
  constants,
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  type KeyObject,
  publicEncrypt,
} from "node:crypto";
import { u16, u32 } from "../wire/codec.js";
import { hashOf } from "../wire/hashes.js";

/** The source of randomness: an argument, so that test vectors are exact. */
export type Random = (length: number) => Buffer;

/** Digest of the parts, one after another. */
export function digest(algorithm: number, ...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash(hashOf(algorithm).node);
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** HMAC of the parts, one after another. */
export function hmac(algorithm: number, key: Uint8Array, ...parts: readonly Uint8Array[]): Buffer {
  const mac = createHmac(hashOf(algorithm).node, key);
  for (const part of parts) mac.update(part);
  return mac.digest();
}

/** A Name: the algorithm and the digest of a public area (Part 1, "Names"). @param publicArea TPMT_PUBLIC, no length prefix */
export function nameOf(nameAlg: number, publicArea: Uint8Array): Buffer {
  return Buffer.concat([u16.encode(nameAlg), digest(nameAlg, publicArea)]);
}

export interface KdfInput {
  readonly hashAlg: number;
  readonly key: Uint8Array;
  readonly label: string;
  readonly contextU?: Uint8Array;
  readonly contextV?: Uint8Array;
  readonly bits: number;
}

const empty = Buffer.alloc(0);
/** Labels of KDFs and OAEP are sent with the C string's terminator. */
function terminated(label: string): Buffer {
  return Buffer.from(`${label}\0`, "latin1");
}

function blocks(bits: number, block: (counter: Buffer) => Buffer): Buffer {
  const length = bits / 8;
  const made: Buffer[] = [];
  for (let counter = 1, total = 0; total < length; counter += 1) {
    const next = block(u32.encode(counter));
    total += next.length;
    made.push(next);
  }
  return Buffer.concat(made).subarray(0, length);
}

/** KDFa (Part 1, "KDFa()"): SP 800-108 in counter mode. */
export function kdfa({ hashAlg, key, label, contextU = empty, contextV = empty, bits }: KdfInput): Buffer {
  return blocks(bits, (counter) =>
    hmac(hashAlg, key, counter, terminated(label), contextU, contextV, u32.encode(bits)),
  );
}

/** KDFe (Part 1, "KDFe for ECDH"): `key` is Z.x, the contexts are the x of the two points. */
export function kdfe({ hashAlg, key, label, contextU = empty, contextV = empty, bits }: KdfInput): Buffer {
  return blocks(bits, (counter) => digest(hashAlg, counter, key, terminated(label), contextU, contextV));
}

const zeroIv = Buffer.alloc(16);

function cipherName(key: Uint8Array): string {
  return `aes-${key.length * 8}-cfb`;
}

/** AES in full-block CFB, no padding. The TPM's wrapping uses a zero IV unless it stores one. */
export function cfbEncrypt(key: Uint8Array, plain: Uint8Array, iv: Uint8Array = zeroIv): Buffer {
  const cipher = createCipheriv(cipherName(key), key, iv);
  return Buffer.concat([cipher.update(plain), cipher.final()]);
}

/** The inverse of {@link cfbEncrypt}. */
export function cfbDecrypt(key: Uint8Array, encrypted: Uint8Array, iv: Uint8Array = zeroIv): Buffer {
  const decipher = createDecipheriv(cipherName(key), key, iv);
  return Buffer.concat([decipher.update(encrypted), decipher.final()]);
}

/** XOR of two byte strings of equal length. */
export function xor(left: Uint8Array, right: Uint8Array): Buffer {
  return Buffer.from(left.map((byte, index) => byte ^ (right[index] ?? 0)));
}

/** MGF1 (RFC 8017, B.2.1). */
export function mgf1(hashAlg: number, seed: Uint8Array, length: number): Buffer {
  // MGF1 counts from 0 where KDFa counts from 1 (RFC 8017, B.2.1).
  const made: Buffer[] = [];
  for (let counter = 0, total = 0; total < length; counter += 1) {
    const next = digest(hashAlg, seed, u32.encode(counter));
    total += next.length;
    made.push(next);
  }
  return Buffer.concat(made).subarray(0, length);
}

export interface OaepInput {
  readonly key: KeyObject;
  readonly hashAlg: number;
  /** with its terminator: the TPM's OAEP label ends in a zero byte (Part 1, annex B.4) */
  readonly label: Buffer;
  readonly message: Uint8Array;
  readonly random: Random;
}

/** RSA-OAEP to a 2048-bit key with the seed from `random`: node:crypto gives no way to inject it, so the padding is done here. */
export function oaepEncrypt({ key, hashAlg, label, message, random }: OaepInput): Buffer {
  const size = 256;
  const hashSize = hashOf(hashAlg).digestSize;
  const padding = Buffer.alloc(size - message.length - 2 * hashSize - 2);
  const data = Buffer.concat([digest(hashAlg, label), padding, Buffer.of(1), message]);
  const seed = random(hashSize);
  const maskedData = xor(data, mgf1(hashAlg, seed, data.length));
  const maskedSeed = xor(seed, mgf1(hashAlg, maskedData, hashSize));
  const block = Buffer.concat([Buffer.of(0), maskedSeed, maskedData]);
  return publicEncrypt({ key, padding: constants.RSA_NO_PADDING }, block);
}

/** A TPM's own OAEP label, terminator included. */
export function oaepLabel(label: string): Buffer {
  return terminated(label);
}
