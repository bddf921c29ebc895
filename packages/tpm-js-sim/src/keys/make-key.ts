import { digest, hmac } from "../crypto/crypto.js";
import { curveOf, pointOf, scalarFrom } from "../crypto/ecc.js";
import { type RsaKeySource, type SourcedRsaKey, seededRsaKeys } from "../crypto/rsa-keys.js";
import { algorithms } from "../tables/algorithms.js";
import { hashOf } from "../wire/hashes.js";
import type { TpmtPublic } from "../wire/structures.js";
import { TpmError } from "../wire/tpm-error.js";
import type { Secret } from "./keys.js";
import { isStorageKey } from "./public-checks.js";

// Reference implementation, CryptCreateObject: every key is a function of a seed and its template. For a primary key
// the seed follows from its hierarchy's, for any other it is random.

/** The known hint of an RSA key, if any, and a function that takes a new hint. */
export interface RsaHint {
  readonly known: Buffer | undefined;
  readonly found: (hint: Buffer) => void;
}

/** The input of {@link makeKey}. */
export interface KeyInput {
  readonly template: TpmtPublic;
  readonly seed: Buffer;
  readonly hint?: RsaHint;
  /** the seeded ones by default */
  readonly rsaKeys?: Pick<RsaKeySource, "rsaKey">;
  /** secret data that the caller gives instead of the TPM making it */
  readonly data?: Buffer | undefined;
}

export interface MadeKey {
  readonly publicArea: TpmtPublic;
  readonly secret: Secret;
  readonly seedValue: Buffer;
}

type Of<T extends TpmtPublic["type"]> = Extract<TpmtPublic, { type: T }>;
type Symmetric = Of<typeof algorithms.keyedHash> | Of<typeof algorithms.symCipher>;

/**
 * The caller's data, whose length must fit; or bytes made from the seed, as long as the hash's digest or the cipher's
 * key.
 */
function symmetricBytes(template: Symmetric, seed: Buffer, data: Buffer | undefined): Buffer {
  const origin = (length: number): Buffer => hmac(algorithms.sha512, seed, Buffer.from("key")).subarray(0, length);
  if (template.type === algorithms.symCipher) {
    const { parameters } = template;
    const length = parameters.algorithm === algorithms.aes ? parameters.keyBits / 8 : 0;
    if (data !== undefined && data.length !== length) throw new TpmError("keySize");
    return data ?? origin(length);
  }
  const { parameters, nameAlg } = template;
  const hash = parameters.scheme === algorithms.null ? undefined : hashOf(parameters.hashAlg);
  if (data !== undefined && data.length > (hash?.blockSize ?? 128)) throw new TpmError("size");
  return data ?? origin(hash?.digestSize ?? hashOf(nameAlg).digestSize);
}

/** The secret of an RSA key that may not be assembled yet. */
function rsaSecret(sourced: SourcedRsaKey): Secret {
  return {
    kind: "rsa",
    get key() {
      return sourced.key;
    },
  };
}

/** The seed value of a storage key or a symmetric key; empty for any other key. */
function seedValueOf(template: TpmtPublic, seed: Buffer): Buffer {
  const asymmetric = template.type === algorithms.rsa || template.type === algorithms.ecc;
  if (asymmetric && !isStorageKey(template)) return Buffer.alloc(0);
  const { digestSize } = hashOf(template.nameAlg);
  const hash = digestSize > 32 ? algorithms.sha512 : algorithms.sha256;
  return hmac(hash, seed, Buffer.from("seedValue")).subarray(0, digestSize);
}

/**
 * Makes a key. An RSA key without a hint takes about 80 ms.
 * @throws TpmError TPM_RC_KEY_SIZE or TPM_RC_SIZE for data that does not fit the template
 */
export function makeKey({ template, seed, hint, data, rsaKeys = seededRsaKeys }: KeyInput): MadeKey {
  const seedValue = seedValueOf(template, seed);
  if (template.type === algorithms.ecc) {
    const curve = curveOf(template.parameters.curveId);
    const scalar = scalarFrom(curve, hmac(algorithms.sha512, seed, Buffer.from("ecc")));
    return { publicArea: { ...template, unique: pointOf(curve, scalar) }, secret: { kind: "ecc", scalar }, seedValue };
  }
  if (template.type === algorithms.rsa) {
    const sourced = rsaKeys.rsaKey(seed, hint?.known);
    if (sourced.hint !== undefined) hint?.found(sourced.hint);
    const unique = sourced.modulus ?? Buffer.from(sourced.key.export({ format: "jwk" }).n ?? "", "base64url");
    return { publicArea: { ...template, unique }, secret: rsaSecret(sourced), seedValue };
  }
  const key = Buffer.from(symmetricBytes(template, seed, data));
  const unique = digest(template.nameAlg, seedValue, key);
  const kind = template.type === algorithms.symCipher ? "sym" : "hmac";
  return { publicArea: { ...template, unique }, secret: { kind, key }, seedValue };
}
