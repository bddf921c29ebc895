import { curveOf } from "../crypto/ecc.js";
import { algorithms, cipherModes } from "../tables/algorithms.js";
import { has, objectAttributes } from "../tables/attributes.js";
import { hashOf } from "../wire/hashes.js";
import type { TpmtPublic } from "../wire/structures.js";
import { TpmError } from "../wire/tpm-error.js";

// Reference implementation, PublicAttributesValidation and SchemeChecks (Part 3, clause 12 on object attributes).
// All throw without a place; the command says which parameter held the public area.

/** The TPMA_OBJECT bits of a hierarchy when it is the parent of a primary key. */
export const hierarchyBits: number = objectAttributes.fixedTpm;

function checkAttributes(area: TpmtPublic, parentBits: number): void {
  const is = (bit: keyof typeof objectAttributes): boolean => has(area.objectAttributes, objectAttributes[bit]);
  const fixedByParent = has(parentBits, objectAttributes.fixedTpm);
  if (is("fixedTpm") !== (is("fixedParent") && fixedByParent)) throw new TpmError("attributes");
  if (is("encryptedDuplication") && is("fixedTpm")) throw new TpmError("attributes");
  // Keys that leave this TPM together are all wrapped inside, or none.
  const likeParent = is("encryptedDuplication") === has(parentBits, objectAttributes.encryptedDuplication);
  if (!fixedByParent && !likeParent) throw new TpmError("attributes");
  if (is("restricted") && is("sign") === is("decrypt")) throw new TpmError("attributes");
  // Only data may be sealed: any other key that may neither sign nor decrypt is useless.
  if (area.type !== algorithms.keyedHash && !is("sign") && !is("decrypt")) throw new TpmError("attributes");
}

type Symmetric = Extract<TpmtPublic, { type: typeof algorithms.rsa }>["parameters"]["symmetric"];

function checkSymmetric(symmetric: Symmetric, storage: boolean): void {
  if (storage !== (symmetric.algorithm === algorithms.aes)) throw new TpmError("symmetric");
  if (symmetric.algorithm !== algorithms.aes) return;
  if (symmetric.keyBits !== 128 && symmetric.keyBits !== 256) throw new TpmError("value");
}

/**
 * A key that only signs has an HMAC scheme, a key that only decrypts has an XOR scheme, and any other key has no
 * scheme.
 */
function checkKeyedHash(area: Extract<TpmtPublic, { type: typeof algorithms.keyedHash }>): void {
  const sign = has(area.objectAttributes, objectAttributes.sign);
  const decrypt = has(area.objectAttributes, objectAttributes.decrypt);
  const single = sign ? algorithms.hmac : algorithms.xor;
  const expected = sign === decrypt ? algorithms.null : single;
  if (area.parameters.scheme !== expected) throw new TpmError("scheme");
}

/** A symmetric key may name no mode (NULL) and leave it to each command. */
function checkCipher(symmetric: Symmetric): void {
  if (symmetric.algorithm !== algorithms.aes) throw new TpmError("symmetric");
  if (!cipherModes.includes(symmetric.mode)) throw new TpmError("mode");
  if (symmetric.keyBits !== 128 && symmetric.keyBits !== 256) throw new TpmError("value");
}

type Asymmetric = Extract<TpmtPublic, { type: typeof algorithms.rsa | typeof algorithms.ecc }>;
const signingSchemes: readonly number[] = [algorithms.rsassa, algorithms.rsapss, algorithms.ecdsa];
const decryptionSchemes: readonly number[] = [algorithms.rsaes, algorithms.oaep, algorithms.ecdh];

/** A key for one purpose may name a scheme of that purpose. A key for both must not name a scheme. */
function checkScheme({ objectAttributes: bits, parameters }: Asymmetric): void {
  const sign = has(bits, objectAttributes.sign);
  const suits = sign ? signingSchemes : decryptionSchemes;
  const both = sign === has(bits, objectAttributes.decrypt);
  if (both || !suits.includes(parameters.scheme.scheme)) throw new TpmError("scheme");
}

/**
 * Checks algorithms, schemes and sizes: nothing else is checked of a public area from outside. @throws TpmError without
 * a place
 */
export function checkSchemes(area: TpmtPublic): void {
  if (area.type === algorithms.keyedHash) {
    checkKeyedHash(area);
    return;
  }
  if (area.type === algorithms.symCipher) {
    checkCipher(area.parameters);
    return;
  }
  const restricted = has(area.objectAttributes, objectAttributes.restricted);
  const storage = restricted && has(area.objectAttributes, objectAttributes.decrypt);
  const unschemed = area.parameters.scheme.scheme === algorithms.null;
  if (!unschemed) checkScheme(area);
  // A storage key may have no scheme and a restricted signing key must have one.
  if (restricted && unschemed !== storage) throw new TpmError("scheme");
  checkSymmetric(area.parameters.symmetric, storage);
  if (area.type === algorithms.ecc) {
    curveOf(area.parameters.curveId);
    if (area.parameters.kdf.scheme !== algorithms.null) throw new TpmError("kdf");
    return;
  }
  if (area.parameters.keyBits !== 2048) throw new TpmError("value");
  if (area.parameters.exponent !== 0 && area.parameters.exponent !== 65537) throw new TpmError("range");
}

/**
 * Checks that a public area is consistent, in itself and with its parent, wherever a parent takes a key.
 * @param parentBits TPMA_OBJECT of the parent; {@link hierarchyBits} for a primary key
 * @throws TpmError TPM_RC_SIZE, TPM_RC_ATTRIBUTES, TPM_RC_SCHEME, TPM_RC_SYMMETRIC …, without a place
 */
export function checkPublicArea(area: TpmtPublic, parentBits: number): void {
  const policySize = area.authPolicy.length;
  if (policySize !== 0 && policySize !== hashOf(area.nameAlg).digestSize) throw new TpmError("size");
  checkAttributes(area, parentBits);
  checkSchemes(area);
}

/** Whether keys can be loaded under this one: restricted and decrypt, and of an asymmetric type. */
export function isStorageKey(area: TpmtPublic): boolean {
  const bits = area.objectAttributes;
  const asymmetric = area.type === algorithms.rsa || area.type === algorithms.ecc;
  return asymmetric && has(bits, objectAttributes.restricted) && has(bits, objectAttributes.decrypt);
}
