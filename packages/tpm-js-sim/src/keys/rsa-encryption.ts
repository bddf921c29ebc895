import { constants, type KeyObject, privateDecrypt, publicEncrypt } from "node:crypto";
import { oaepEncrypt, type Random } from "../crypto/crypto.js";
import { algorithms } from "../tables/algorithms.js";
import { hashOf } from "../wire/hashes.js";
import { TpmtRsaDecrypt } from "../wire/structures.js";
import { type Place, TpmError } from "../wire/tpm-error.js";
import type { TpmKey } from "./keys.js";

// Reference implementation, CryptRsaEncrypt and CryptRsaDecrypt, for 2048-bit keys.

const length = 256;

/**
 * The scheme to encrypt with: the key's own, or the requested one if the key has no scheme (CryptRsaSelectScheme).
 * @throws TpmError TPM_RC_KEY for a key that is not RSA, TPM_RC_SCHEME
 */
export function encryptionScheme(
  { publicArea }: TpmKey,
  asked: TpmtRsaDecrypt,
  places: { readonly key: Place; readonly scheme: Place },
): TpmtRsaDecrypt {
  if (publicArea.type !== algorithms.rsa) throw new TpmError("key", places.key);
  const own = publicArea.parameters.scheme;
  if (own.scheme === algorithms.null) return asked;
  if (own.scheme !== algorithms.rsaes && own.scheme !== algorithms.oaep) throw new TpmError("scheme", places.scheme);
  const open = asked.scheme === algorithms.null;
  if (!open && !TpmtRsaDecrypt.encode(asked).equals(TpmtRsaDecrypt.encode(own))) {
    throw new TpmError("scheme", places.scheme);
  }
  return own;
}

/** Checks a label: a text with a terminator, or nothing. @throws TpmError TPM_RC_VALUE */
export function checkLabel(label: Buffer, place: Place): void {
  if (label.length > 0 && label[label.length - 1] !== 0) throw new TpmError("value", place);
}

/** The key, the scheme and the label of an encryption. */
export interface RsaInput {
  readonly key: KeyObject;
  readonly scheme: TpmtRsaDecrypt;
  readonly label: Buffer;
}

function nonZero(count: number, random: Random): Buffer {
  const bytes: number[] = [];
  while (bytes.length < count) bytes.push(...random(count).filter((byte) => byte !== 0));
  return Buffer.from(bytes.slice(0, count));
}

function rawBlock(message: Buffer): Buffer {
  // A longer message is valid too if its extra leading bytes are zeros.
  const start = message.findIndex((byte) => byte !== 0);
  const digits = start === -1 ? Buffer.alloc(0) : message.subarray(start);
  if (digits.length > length) throw new TpmError("value");
  return Buffer.concat([Buffer.alloc(length - digits.length), digits]);
}

function encryptBlock(key: KeyObject, block: Buffer): Buffer {
  try {
    return publicEncrypt({ key, padding: constants.RSA_NO_PADDING }, block);
  } catch (cause) {
    // The block is not less than the modulus.
    throw new TpmError("value", undefined, { cause });
  }
}

/** @throws TpmError TPM_RC_VALUE for a message that is too long for the key and the scheme */
export function rsaEncrypt({ key, scheme, label }: RsaInput, message: Buffer, random: Random): Buffer {
  if (scheme.scheme === algorithms.null) return encryptBlock(key, rawBlock(message));
  if (scheme.scheme === algorithms.oaep) {
    const { hashAlg } = scheme;
    if (message.length > length - 2 * hashOf(hashAlg).digestSize - 2) throw new TpmError("value");
    return oaepEncrypt({ key, hashAlg, label, message, random });
  }
  if (message.length > length - 11) throw new TpmError("value");
  const padding = nonZero(length - 3 - message.length, random);
  return encryptBlock(key, Buffer.concat([Buffer.of(0, 2), padding, Buffer.of(0), message]));
}

/** Removes PKCS #1 padding by hand: node's answer to wrong padding depends on its OpenSSL. */
function unpadded(block: Buffer): Buffer {
  const end = block.indexOf(0, 2);
  const formed = block[0] === 0 && block[1] === 2 && end >= 10;
  if (!formed) throw new TpmError("value");
  return block.subarray(end + 1);
}

/** @throws TpmError TPM_RC_SIZE, or TPM_RC_VALUE for bytes that cannot be decrypted */
export function rsaDecrypt({ key, scheme, label }: RsaInput, encrypted: Buffer): Buffer {
  if (encrypted.length !== length) throw new TpmError("size");
  try {
    if (scheme.scheme !== algorithms.oaep) {
      const block = privateDecrypt({ key, padding: constants.RSA_NO_PADDING }, encrypted);
      return scheme.scheme === algorithms.null ? block : unpadded(block);
    }
    const oaep = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: hashOf(scheme.hashAlg).node };
    return privateDecrypt({ key, ...oaep, ...(label.length > 0 ? { oaepLabel: label } : {}) }, encrypted);
  } catch (cause) {
    throw new TpmError("value", undefined, { cause });
  }
}
