import { createPrivateKey } from "node:crypto";
import { digest } from "../crypto/crypto.js";
import { curveOf, isScalar, padded, pointOf } from "../crypto/ecc.js";
import { rsaKeyFromPrime } from "../crypto/rsa-derivation.js";
import { algorithms } from "../tables/algorithms.js";
import { hashOf } from "../wire/hashes.js";
import type { TpmtPublic, TpmtSensitive } from "../wire/structures.js";
import { type Place, TpmError } from "../wire/tpm-error.js";
import type { Secret } from "./keys.js";
import { maxSymmetricData } from "./protection.js";

/** A secret as bytes for our own state: PKCS8 DER for RSA, else the scalar or the key; nothing for a public key alone. */
export function privateBytes(secret: Secret): Buffer {
  if (secret.kind === "rsa") return secret.key.export({ format: "der", type: "pkcs8" });
  if (secret.kind === "none") return Buffer.alloc(0);
  return secret.kind === "ecc" ? secret.scalar : secret.key;
}

/** The inverse of {@link privateBytes}. */
export function secretFromBytes(kind: Secret["kind"], bytes: Buffer): Secret {
  if (kind === "rsa") return { kind, key: createPrivateKey({ key: bytes, format: "der", type: "pkcs8" }) };
  if (kind === "none") return { kind };
  return kind === "ecc" ? { kind, scalar: bytes } : { kind, key: bytes };
}

/** A secret as TPMU_SENSITIVE_COMPOSITE: for an RSA key, one prime. */
export function sensitiveBytes(secret: Secret): Buffer {
  if (secret.kind !== "rsa") return privateBytes(secret);
  return Buffer.from(secret.key.export({ format: "jwk" }).p ?? "", "base64url");
}

/** Which parameters to blame. */
export interface Blame {
  readonly public: Place;
  readonly sensitive: Place;
}

type Of<T extends TpmtPublic["type"]> = Extract<TpmtPublic, { type: T }>;

function rsaSecret(area: Of<typeof algorithms.rsa>, bytes: Buffer, blame: Blame): Secret {
  if (bytes.length * 16 !== area.parameters.keyBits) throw new TpmError("keySize", blame.sensitive);
  if (area.unique.length !== 256) throw new TpmError("key", blame.public);
  return { kind: "rsa", key: rsaKeyFromPrime(area.unique, bytes) };
}

function eccSecret(area: Of<typeof algorithms.ecc>, bytes: Buffer, blame: Blame): Secret {
  const curve = curveOf(area.parameters.curveId);
  if (!isScalar(curve, bytes)) throw new TpmError("keySize", blame.sensitive);
  // Not every client sends leading zeros.
  const scalar = padded(bytes, curve);
  const point = pointOf(curve, scalar);
  const { x, y } = area.unique;
  const bound = point.x.equals(padded(x, curve)) && point.y.equals(padded(y, curve));
  if (!bound) throw new TpmError("binding");
  return { kind: "ecc", scalar };
}

function symmetricSecret(
  area: Of<typeof algorithms.keyedHash> | Of<typeof algorithms.symCipher>,
  sensitive: TpmtSensitive,
  blame: Blame,
): Secret {
  const unique = digest(area.nameAlg, sensitive.seedValue, sensitive.sensitive);
  if (!unique.equals(area.unique)) throw new TpmError("binding"); // either parameter may be wrong, so neither is blamed
  const length = sensitive.sensitive.length;
  if (area.type === algorithms.symCipher) {
    const { parameters } = area;
    const bits = parameters.algorithm === algorithms.aes ? parameters.keyBits : 0;
    if (length * 8 !== bits) throw new TpmError("keySize", blame.sensitive);
    return { kind: "sym", key: sensitive.sensitive };
  }
  const { parameters } = area;
  const limit = parameters.scheme === algorithms.null ? maxSymmetricData : hashOf(parameters.hashAlg).blockSize;
  if (length > limit) throw new TpmError("keySize", blame.sensitive);
  return { kind: "hmac", key: sensitive.sensitive };
}

/**
 * The secret of a sensitive area, once it is known that the two halves of the key belong together
 * (reference implementation, CryptValidateKeys).
 * @throws TpmError TPM_RC_TYPE, TPM_RC_SIZE, TPM_RC_BINDING, TPM_RC_KEY_SIZE
 */
export function secretOf(area: TpmtPublic, sensitive: TpmtSensitive, blame: Blame): Secret {
  if (sensitive.sensitiveType !== area.type) throw new TpmError("type", blame.sensitive);
  if (sensitive.authValue.length > hashOf(area.nameAlg).digestSize) throw new TpmError("size", blame.sensitive);
  if (area.type === algorithms.rsa) return rsaSecret(area, sensitive.sensitive, blame);
  if (area.type === algorithms.ecc) return eccSecret(area, sensitive.sensitive, blame);
  return symmetricSecret(area, sensitive, blame);
}
