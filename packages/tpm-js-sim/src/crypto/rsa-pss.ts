import { hashOf } from "../wire/hashes.js";
import { digest, mgf1, type Random, xor } from "./crypto.js";

// RSASSA-PSS over given digests (RFC 8017, 9.1), for 2048-bit keys: node:crypto pads only data that it hashes itself.

const length = 256;
const eight = Buffer.alloc(8);

/** The block that a key signs. The salt is as long as the digest, as TLS 1.3 requires (RFC 8446, 4.2.3). */
export function pssEncode(hashAlg: number, message: Buffer, random: Random): Buffer {
  const { digestSize } = hashOf(hashAlg);
  const salt = random(digestSize);
  const hash = digest(hashAlg, eight, message, salt);
  const data = Buffer.concat([Buffer.alloc(length - 2 * digestSize - 2), Buffer.of(1), salt]);
  const masked = xor(data, mgf1(hashAlg, hash, data.length));
  // The modulus has one bit more than the block may have.
  masked.writeUInt8((masked[0] ?? 0) & 0x7f, 0);
  return Buffer.concat([masked, hash, Buffer.of(0xbc)]);
}

/** Whether a block, opened with the public key, encodes a digest, with a salt of any length. */
export function pssMatches(hashAlg: number, message: Buffer, block: Buffer): boolean {
  const { digestSize } = hashOf(hashAlg);
  const formed = block.length === length && block[length - 1] === 0xbc && (block[0] ?? 0) < 0x80;
  if (!formed) return false;
  const dataLength = length - digestSize - 1;
  const hash = block.subarray(dataLength, dataLength + digestSize);
  const data = xor(block.subarray(0, dataLength), mgf1(hashAlg, hash, dataLength));
  data.writeUInt8((data[0] ?? 0) & 0x7f, 0);
  const mark = data.findIndex((byte) => byte !== 0);
  if (mark === -1 || data[mark] !== 1) return false;
  return digest(hashAlg, eight, message, data.subarray(mark + 1)).equals(hash);
}
