import { cfbEncrypt, digest, nameOf, type Random } from "../crypto/crypto.js";
import { algorithms } from "../tables/algorithms.js";
import { objectAttributes } from "../tables/attributes.js";
import { decode, Reader, sized, struct, u16, u32 } from "../wire/codec.js";
import {
  Tpm2bDigest,
  Tpm2bEncryptedSecret,
  Tpm2bPrivate,
  Tpm2bPublic,
  Tpm2bSensitive,
  TpmtPublic,
} from "../wire/structures.js";
import { sealSecret } from "./keys.js";
import { wrap, wrapInner } from "./protection.js";

export type { Random } from "../crypto/crypto.js";
export { type ParsedPublic, type ParsePublicOptions, type PublicProblem, parseTpm2bPublic } from "./parse-public.js";
export { type EndorsementKeyReading, isStorageKey, readEndorsementKey } from "./read-endorsement-key.js";
export { ekTemplate, registrationIdOf } from "./templates.js";

/**
 * The Name of a public area: 000b and its SHA-256.
 * @param tpm2bPublic TPM2B_PUBLIC, length prefix included
 * @throws RangeError for bytes that are not a TPM2B
 */
export function keyName(tpm2bPublic: Uint8Array): Buffer {
  const reader = new Reader(tpm2bPublic);
  if (reader.remaining < 6 || u16.read(reader) !== reader.remaining) throw new RangeError("not a TPM2B_PUBLIC");
  const publicArea = reader.rest();
  return nameOf(publicArea.readUInt16BE(2), publicArea);
}

/** PolicyCommandCode(Duplicate), as in Microsoft's sample server (TSS.MSR, DrsServer.java). No client checks it. */
const duplicatePolicy = digest(algorithms.sha256, Buffer.alloc(32), u32.encode(0x016c), u32.encode(0x014b));
/**
 * sign, without which an HMAC key is useless; userWithAuth, so that an empty password authorizes; noDA, so that
 * failures do not lock the TPM.
 */
const identityAttributes = objectAttributes.sign | objectAttributes.userWithAuth | objectAttributes.noDa;

interface RandomInput {
  /**
   * the number and the lengths of the draws are part of each function's contract, so that fixed bytes give fixed
   * results
   */
  readonly random: Random;
}

/** The input of {@link makeCredential}. */
export interface CredentialInput extends RandomInput {
  /** TPM2B_PUBLIC of the key that opens the credential */
  readonly endorsementKey: Uint8Array;
  /** Name of the object that must be loaded in the same TPM */
  readonly name: Uint8Array;
  /** at most a digest's length */
  readonly credential: Uint8Array;
}

/** A credential as TPM2_ActivateCredential takes it; contents only, no length prefixes. */
export interface Credential {
  readonly idObject: Buffer;
  readonly encSecret: Buffer;
}

interface Recipient {
  readonly area: TpmtPublic;
  readonly hashAlg: number;
  readonly keyBits: number;
}

function recipientOf(tpm2bPublic: Uint8Array): Recipient {
  const area = decode(Tpm2bPublic, tpm2bPublic);
  if (area.type !== algorithms.rsa && area.type !== algorithms.ecc) throw new TypeError("not an asymmetric key");
  const { symmetric } = area.parameters;
  if (symmetric.algorithm !== algorithms.aes) throw new TypeError("not a storage key");
  return { area, hashAlg: area.nameAlg, keyBits: symmetric.keyBits };
}

/**
 * TPM2_MakeCredential in software (Part 1, "Credential Protection"): a secret that one key opens, when a second object
 * is loaded beside it.
 * @param input `random` is drawn from for the seed (32), then the OAEP seed (32); for P-256 once, the ephemeral scalar
 * @returns idObject `2B(HMAC) ‖ encIdentity` and encSecret
 * @throws TpmError or TypeError for a public area that {@link parseTpm2bPublic} does not call usable
 */
export function makeCredential({ endorsementKey, name, credential, random }: CredentialInput): Credential {
  const { area, hashAlg, keyBits } = recipientOf(endorsementKey);
  const { seed, encrypted } = sealSecret(area, "IDENTITY", random);
  return {
    idObject: wrap({ hashAlg, keyBits, seed, name }, Tpm2bDigest.encode(Buffer.from(credential))),
    encSecret: encrypted,
  };
}

/** The input of {@link makeIdentityKey}. */
export interface IdentityKeyInput extends RandomInput {
  /** TPM2B_PUBLIC of the parent that imports it */
  readonly storageRootKey: Uint8Array;
  /** the HMAC key, 16 to 64 bytes: SHA-256's block is the TPM's limit */
  readonly key: Uint8Array;
  /** 32 bytes that keep the public area from revealing the key */
  readonly seedValue: Uint8Array;
  /** 16 bytes: three SDKs know only AES-128 here */
  readonly innerWrapKey: Uint8Array;
}

/** An HMAC key as TPM2_Import takes it; contents only, no length prefixes. */
export interface IdentityKey {
  readonly publicArea: Buffer;
  readonly duplicate: Buffer;
  readonly encWrapKey: Buffer;
}

/**
 * A duplicate of an HMAC key, wrapped twice for one parent (Part 1, "Duplication").
 * @param input `random` is drawn from as in {@link makeCredential}
 * @throws RangeError for a key or an inner wrap key of the wrong length
 */
export function makeIdentityKey({
  storageRootKey,
  key,
  seedValue,
  innerWrapKey,
  random,
}: IdentityKeyInput): IdentityKey {
  if (key.length < 16 || key.length > 64) throw new RangeError("an identity key has 16 to 64 bytes");
  if (innerWrapKey.length !== 16) throw new RangeError("an inner wrap key has 16 bytes");
  const { area, hashAlg, keyBits } = recipientOf(storageRootKey);
  const publicArea = TpmtPublic.encode({
    type: algorithms.keyedHash,
    nameAlg: algorithms.sha256,
    objectAttributes: identityAttributes,
    authPolicy: duplicatePolicy,
    parameters: { scheme: algorithms.hmac, hashAlg: algorithms.sha256 },
    unique: digest(algorithms.sha256, seedValue, key),
  });
  const name = nameOf(algorithms.sha256, publicArea);
  const sensitive = Tpm2bSensitive.encode({
    sensitiveType: algorithms.keyedHash,
    authValue: Buffer.alloc(0),
    seedValue: Buffer.from(seedValue),
    sensitive: Buffer.from(key),
  });
  const { seed, encrypted } = sealSecret(area, "DUPLICATE", random);
  const inner = wrapInner(algorithms.sha256, innerWrapKey, name, sensitive);
  return { publicArea, duplicate: wrap({ hashAlg, keyBits, seed, name }, inner), encWrapKey: encrypted };
}

const sizedPublic = sized(1024);
const authenticationKeyParts = struct({
  idObject: Tpm2bPrivate,
  encSecret: Tpm2bEncryptedSecret,
  duplicate: Tpm2bPrivate,
  encWrapKey: Tpm2bEncryptedSecret,
  publicArea: sizedPublic,
  encUriData: sized(1024),
});

/** The six parts of an `authenticationKey`, in the order in which every client reads them; contents only. */
export interface AuthenticationKeyParts extends Credential, IdentityKey {
  readonly encUriData: Buffer;
}

/** Joins the six parts, each with its length prefix. */
export function encodeAuthenticationKey(parts: AuthenticationKeyParts): Buffer {
  return authenticationKeyParts.encode(parts);
}

/**
 * Parses an `authenticationKey`. Bytes after the sixth part are ignored, as all clients do.
 * @throws TpmError TPM_RC_INSUFFICIENT or TPM_RC_SIZE when it is truncated or is something else
 */
export function parseAuthenticationKey(authenticationKey: Uint8Array): AuthenticationKeyParts {
  return authenticationKeyParts.read(new Reader(authenticationKey));
}

/** The input of {@link makeAuthenticationKey}. */
export interface AuthenticationKeyInput extends RandomInput {
  readonly endorsementKey: Uint8Array;
  readonly storageRootKey: Uint8Array;
  readonly key: Uint8Array;
  /** content of the sixth part. Java decrypts it, so it should not be empty. Ours is `HostName=…;DeviceId=…` */
  readonly uri?: string;
}

/**
 * The `authenticationKey` of a challenge, and of `registrationState.tpm`: an HMAC key that only the TPM which
 * holds both the endorsement key and the storage root key can open.
 * @param input keys as TPM2B_PUBLIC. `random` is drawn from in this order: seed value 32, inner wrap key 16, duplicate
 *   seed 32 and its OAEP seed 32, credential seed 32 and its OAEP seed 32
 * @returns 798 bytes and the URI's for two RSA-2048 keys and a 32-byte key
 * @throws RangeError for a key of the wrong length; TpmError or TypeError for keys that are not usable
 */
export function makeAuthenticationKey(input: AuthenticationKeyInput): Buffer {
  const { endorsementKey, storageRootKey, key, uri = "", random } = input;
  const seedValue = random(32);
  const innerWrapKey = random(16);
  const identity = makeIdentityKey({ storageRootKey, key, seedValue, innerWrapKey, random });
  const name = keyName(storageRootKey);
  const credential = makeCredential({ endorsementKey, name, credential: innerWrapKey, random });
  const encUriData = cfbEncrypt(innerWrapKey, Buffer.from(uri));
  return encodeAuthenticationKey({ ...credential, ...identity, encUriData });
}
