import type { TpmKey } from "../keys/keys.js";
import { sensitiveBytes } from "../keys/private-key-bytes.js";
import { readSensitive, unwrap, wrap } from "../keys/protection.js";
import type { Entity } from "../memory/command.js";
import { algorithms } from "../tables/algorithms.js";
import { has, objectAttributes } from "../tables/attributes.js";
import { hashOf } from "../wire/hashes.js";
import { Tpm2bSensitive, type TpmtPublic, type TpmtSensitive } from "../wire/structures.js";
import { handle, parameter, TpmError } from "../wire/tpm-error.js";

/** AES key size of a storage key. @throws TpmError TPM_RC_TYPE for any other key */
export function symmetricBits(area: TpmtPublic): number {
  if (area.type !== algorithms.rsa && area.type !== algorithms.ecc) throw new TpmError("type");
  const { symmetric } = area.parameters;
  if (symmetric.algorithm !== algorithms.aes) throw new TpmError("type");
  return symmetric.keyBits;
}

/**
 * The content of a TPM2B_PRIVATE: a sensitive area wrapped with the parent's seed. The format is ours; only {@link
 * unseal} reads it.
 */
export function seal(parent: TpmKey, name: Buffer, sensitive: TpmtSensitive, iv: Buffer): Buffer {
  const { nameAlg: hashAlg } = parent.publicArea;
  const wrapper = { hashAlg, keyBits: symmetricBits(parent.publicArea), seed: parent.seedValue, name };
  return wrap(wrapper, Tpm2bSensitive.encode(sensitive), iv);
}

/** An auth value padded to the length of the Name's digest, so that its length reveals nothing. */
export function paddedAuth(authValue: Buffer, nameAlg: number): Buffer {
  return Buffer.concat([authValue, Buffer.alloc(Math.max(0, hashOf(nameAlg).digestSize - authValue.length))]);
}

/** The sensitive area of a key, with its auth value padded. */
export function sensitiveAreaOf({ publicArea, authValue, seedValue, secret }: TpmKey): TpmtSensitive {
  const padded = paddedAuth(authValue, publicArea.nameAlg);
  return { sensitiveType: publicArea.type, authValue: padded, seedValue, sensitive: sensitiveBytes(secret) };
}

/** The content of the TPM2B_PRIVATE with which Load loads a key under its parent. */
export function privateAreaOf(parent: TpmKey, key: TpmKey, iv: Buffer): Buffer {
  return seal(parent, key.name, sensitiveAreaOf(key), iv);
}

/** The inverse of {@link seal}. @throws TpmError TPM_RC_INTEGRITY, TPM_RC_SIZE or TPM_RC_INSUFFICIENT */
export function unseal(parent: TpmKey, name: Buffer, sealed: Buffer): TpmtSensitive {
  const { nameAlg: hashAlg } = parent.publicArea;
  const wrapper = { hashAlg, keyBits: symmetricBits(parent.publicArea), seed: parent.seedValue, name };
  return readSensitive(unwrap(wrapper, sealed, true));
}

/**
 * The key and the hash for TPM2_HMAC and TPM2_HMAC_Start.
 * @param hashAlg as requested; NULL takes the key's own
 * @throws TpmError TPM_RC_TYPE, TPM_RC_ATTRIBUTES, TPM_RC_KEY, TPM_RC_VALUE
 */
export function hmacKeyOf(entity: Entity, hashAlg: number): { readonly key: Buffer; readonly hash: number } {
  if (entity.is !== "key") throw new TpmError("type", handle(1));
  const { publicArea, secret } = entity.key;
  if (publicArea.type !== algorithms.keyedHash || secret.kind !== "hmac") throw new TpmError("type", handle(1));
  if (has(publicArea.objectAttributes, objectAttributes.restricted)) throw new TpmError("attributes", handle(1));
  if (!has(publicArea.objectAttributes, objectAttributes.sign)) throw new TpmError("key", handle(1));
  const { parameters } = publicArea;
  const own = parameters.scheme === algorithms.hmac ? parameters.hashAlg : algorithms.null;
  const asked = hashAlg === algorithms.null ? own : hashAlg;
  const wrong = asked === algorithms.null || (own !== algorithms.null && asked !== own);
  if (wrong) throw new TpmError("value", parameter(2));
  return { key: secret.key, hash: asked };
}
