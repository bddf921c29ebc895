import { constants, privateEncrypt, publicDecrypt } from "node:crypto";
import { hmac } from "../crypto/crypto.js";
import { curveOf, ecdsaSign, ecdsaVerify } from "../crypto/ecc.js";
import { pssEncode, pssMatches } from "../crypto/rsa-pss.js";
import { publicKeyOf, type TpmKey } from "../keys/keys.js";
import type { TpmMemory } from "../memory/state.js";
import { algorithms } from "../tables/algorithms.js";
import { has, objectAttributes } from "../tables/attributes.js";
import { hashOf } from "../wire/hashes.js";
import type { TpmtSignature, TpmtSigScheme } from "../wire/structures.js";
import { type Place, TpmError } from "../wire/tpm-error.js";

/** A signing scheme other than NULL. */
export type ChosenScheme = Exclude<TpmtSigScheme, { scheme: typeof algorithms.null }>;

/** DigestInfo up to the digest (RFC 8017, 9.2, note 1). */
const digestInfo: ReadonlyMap<number, string> = new Map([
  [algorithms.sha1, "3021300906052b0e03021a05000414"],
  [algorithms.sha256, "3031300d060960864801650304020105000420"],
  [algorithms.sha384, "3041300d060960864801650304020205000430"],
  [algorithms.sha512, "3051300d060960864801650304020305000440"],
]);

function paddedInfo(hashAlg: number, digest: Buffer): Buffer {
  return Buffer.concat([Buffer.from(digestInfo.get(hashAlg) ?? "", "hex"), digest]);
}

const schemesOf: ReadonlyMap<number, readonly number[]> = new Map([
  [algorithms.rsa, [algorithms.rsassa, algorithms.rsapss]],
  [algorithms.ecc, [algorithms.ecdsa]],
  [algorithms.keyedHash, [algorithms.hmac]],
]);

function ownScheme({ publicArea: { type, parameters } }: TpmKey): {
  readonly scheme: number;
  readonly hashAlg?: number;
} {
  if (type === algorithms.symCipher) throw new TpmError("key");
  return type === algorithms.keyedHash ? parameters : parameters.scheme;
}

/**
 * The scheme to sign with: the key's own, or the requested one if the key has no scheme (reference implementation,
 * CryptSelectSignScheme).
 * @throws TpmError TPM_RC_SCHEME
 */
export function chooseScheme(key: TpmKey, asked: TpmtSigScheme, place: Place): ChosenScheme {
  const own = ownScheme(key);
  const open = own.scheme === algorithms.null;
  const scheme = open ? asked.scheme : own.scheme;
  if (schemesOf.get(key.publicArea.type)?.includes(scheme) !== true) throw new TpmError("scheme", place);
  const askedHash = asked.scheme === algorithms.null ? undefined : asked.hashAlg;
  const hashAlg = open ? askedHash : own.hashAlg;
  if (hashAlg === undefined) throw new TpmError("scheme", place);
  const conflict = asked.scheme !== algorithms.null && (asked.scheme !== scheme || askedHash !== hashAlg);
  if (conflict) throw new TpmError("scheme", place);
  hashOf(hashAlg);
  // A cast: the scheme was just looked up in the table of types.
  return { scheme, hashAlg } as ChosenScheme;
}

/** @throws TpmError TPM_RC_KEY for a key that cannot sign */
export function checkSigner(key: TpmKey, place: Place): void {
  const signs = has(key.publicArea.objectAttributes, objectAttributes.sign);
  if (!signs || key.publicArea.type === algorithms.symCipher) throw new TpmError("key", place);
}

/** Signs a digest. @throws TpmError TPM_RC_KEY when the private part of the key is not loaded */
export function signDigest(memory: TpmMemory, key: TpmKey, scheme: ChosenScheme, digest: Buffer): TpmtSignature {
  const { secret, publicArea } = key;
  const { hashAlg } = scheme;
  if (secret.kind === "rsa" && scheme.scheme === algorithms.rsassa) {
    const padded = paddedInfo(hashAlg, digest);
    const signature = privateEncrypt({ key: secret.key, padding: constants.RSA_PKCS1_PADDING }, padded);
    return { sigAlg: algorithms.rsassa, hashAlg, signature };
  }
  if (secret.kind === "rsa" && scheme.scheme === algorithms.rsapss) {
    const block = pssEncode(hashAlg, digest, memory.random);
    const signature = privateEncrypt({ key: secret.key, padding: constants.RSA_NO_PADDING }, block);
    return { sigAlg: algorithms.rsapss, hashAlg, signature };
  }
  if (secret.kind === "ecc" && publicArea.type === algorithms.ecc && scheme.scheme === algorithms.ecdsa) {
    const curve = curveOf(publicArea.parameters.curveId);
    const signature = ecdsaSign({ curve, scalar: secret.scalar, digest, random: memory.random });
    return { sigAlg: algorithms.ecdsa, hashAlg, ...signature };
  }
  if (secret.kind === "hmac" && scheme.scheme === algorithms.hmac) {
    return { sigAlg: algorithms.hmac, mac: { hashAlg, digest: hmac(hashAlg, secret.key, digest) } };
  }
  throw new TpmError("key");
}

type RsaSignature = Extract<TpmtSignature, { sigAlg: typeof algorithms.rsassa } | { sigAlg: typeof algorithms.rsapss }>;

function rsaVerify(key: TpmKey, digest: Buffer, { sigAlg, hashAlg, signature }: RsaSignature): boolean {
  const publicKey = publicKeyOf(key.publicArea);
  if (publicKey === undefined) return false;
  try {
    if (sigAlg === algorithms.rsapss) {
      const block = publicDecrypt({ key: publicKey, padding: constants.RSA_NO_PADDING }, signature);
      return pssMatches(hashAlg, digest, block);
    }
    const opened = publicDecrypt({ key: publicKey, padding: constants.RSA_PKCS1_PADDING }, signature);
    return opened.equals(paddedInfo(hashAlg, digest));
  } catch {
    // Node throws when the signature does not open to a padded block. Such a signature is wrong too.
    return false;
  }
}

/** Whether a signature of a digest is this key's. @throws TpmError TPM_RC_SCHEME for a signature of another kind of key */
export function verifyDigest(key: TpmKey, digest: Buffer, signature: TpmtSignature): boolean {
  const { publicArea, secret } = key;
  const isRsa = signature.sigAlg === algorithms.rsassa || signature.sigAlg === algorithms.rsapss;
  if (isRsa && publicArea.type === algorithms.rsa) return rsaVerify(key, digest, signature);
  if (signature.sigAlg === algorithms.ecdsa && publicArea.type === algorithms.ecc) {
    return ecdsaVerify(curveOf(publicArea.parameters.curveId), publicArea.unique, digest, signature);
  }
  if (signature.sigAlg !== algorithms.hmac || publicArea.type !== algorithms.keyedHash) throw new TpmError("scheme");
  if (secret.kind !== "hmac") throw new TpmError("handle");
  return hmac(signature.mac.hashAlg, secret.key, digest).equals(signature.mac.digest);
}
