import { constants, createECDH, createPublicKey, type KeyObject, privateDecrypt } from "node:crypto";
import { kdfe, nameOf, oaepEncrypt, oaepLabel, type Random } from "../crypto/crypto.js";
import { curveOf, type EccPoint, padded, pointOf } from "../crypto/ecc.js";
import { algorithms } from "../tables/algorithms.js";
import type { CurveRow } from "../tables/ecc-curves.js";
import { decode } from "../wire/codec.js";
import { hashOf } from "../wire/hashes.js";
import { TpmsEccPoint, TpmtPublic } from "../wire/structures.js";
import { TpmError } from "../wire/tpm-error.js";

/** The private part of a loaded key. */
export type Secret =
  | { readonly kind: "rsa"; readonly key: KeyObject }
  | { readonly kind: "ecc"; readonly scalar: Buffer }
  | { readonly kind: "hmac"; readonly key: Buffer }
  | { readonly kind: "sym"; readonly key: Buffer }
  /** a public key that LoadExternal loaded */
  | { readonly kind: "none" };

/** A key inside the TPM. */
export interface TpmKey {
  readonly is: "key";
  readonly publicArea: TpmtPublic;
  readonly name: Buffer;
  readonly qualifiedName: Buffer;
  readonly hierarchy: number;
  readonly authValue: Buffer;
  /**
   * For a storage key, the seed that wraps its children; for an HMAC key, the value that keeps `unique` from revealing
   * it.
   */
  readonly seedValue: Buffer;
  readonly secret: Secret;
}

/** Z.x of an exchange. @throws TpmError TPM_RC_ECC_POINT when the point is not on the curve */
function sharedX(curve: CurveRow, scalar: Uint8Array, { x, y }: EccPoint): Buffer {
  const ecdh = createECDH(curve.node);
  ecdh.setPrivateKey(scalar);
  try {
    return ecdh.computeSecret(Buffer.concat([Buffer.of(4), padded(x, curve), padded(y, curve)]));
  } catch (cause) {
    throw new TpmError("eccPoint", undefined, { cause });
  }
}

/** A node:crypto key of a public area, or undefined when its type has none. @throws Error when node refuses the numbers */
export function publicKeyOf(area: TpmtPublic): KeyObject | undefined {
  if (area.type === algorithms.rsa) {
    // Exponent 0 stands for 65537 (Part 2, TPMS_RSA_PARMS).
    const exponent = (area.parameters.exponent || 65537).toString(16);
    const e = Buffer.from(exponent.padStart(exponent.length + (exponent.length % 2), "0"), "hex").toString("base64url");
    return createPublicKey({ key: { kty: "RSA", n: area.unique.toString("base64url"), e }, format: "jwk" });
  }
  if (area.type !== algorithms.ecc) return undefined;
  const curve = curveOf(area.parameters.curveId);
  const text = (bytes: Buffer): string => padded(bytes, curve).toString("base64url");
  return createPublicKey({
    key: { kty: "EC", crv: curve.jwk, x: text(area.unique.x), y: text(area.unique.y) },
    format: "jwk",
  });
}

export type SecretLabel = "IDENTITY" | "DUPLICATE" | "SECRET";

interface EccExchange {
  readonly curve: CurveRow;
  readonly hashAlg: number;
  readonly label: SecretLabel;
  readonly zx: Buffer;
  readonly ephemeral: EccPoint;
  readonly recipient: EccPoint;
}

function seedOf({ curve, hashAlg, label, zx, ephemeral, recipient }: EccExchange): Buffer {
  const bits = hashOf(hashAlg).digestSize * 8;
  const [contextU, contextV] = [padded(ephemeral.x, curve), padded(recipient.x, curve)];
  return kdfe({ hashAlg, key: zx, label, contextU, contextV, bits });
}

/**
 * Opens a seed that was encrypted for this key (Part 1, annexes B.10.3 and C.6.1).
 * @param encrypted the content of TPM2B_ENCRYPTED_SECRET
 * @throws TpmError TPM_RC_VALUE when it does not open, TPM_RC_KEY for a key that cannot receive a seed
 */
export function openSecret(key: TpmKey, label: SecretLabel, encrypted: Buffer): Buffer {
  const { secret, publicArea } = key;
  const { nameAlg: hashAlg } = publicArea;
  if (secret.kind === "ecc" && publicArea.type === algorithms.ecc) {
    const curve = curveOf(publicArea.parameters.curveId);
    const ephemeral = decode(TpmsEccPoint, encrypted);
    const zx = sharedX(curve, secret.scalar, ephemeral);
    return seedOf({ curve, hashAlg, label, zx, ephemeral, recipient: publicArea.unique });
  }
  if (secret.kind !== "rsa") throw new TpmError("key");
  const options = {
    key: secret.key,
    padding: constants.RSA_PKCS1_OAEP_PADDING,
    oaepHash: hashOf(hashAlg).node,
    oaepLabel: oaepLabel(label),
  };
  try {
    return privateDecrypt(options, encrypted);
  } catch (cause) {
    throw new TpmError("value", undefined, { cause });
  }
}

/** A seed, and the content of the TPM2B_ENCRYPTED_SECRET that carries it. */
export interface SealedSecret {
  readonly seed: Buffer;
  readonly encrypted: Buffer;
}

/**
 * The sender's half of {@link openSecret}.
 * @param random drawn from twice for RSA (32-byte seed, 32-byte OAEP seed), once for ECC (ephemeral scalar)
 * @throws TypeError for a public area that is neither RSA nor ECC
 */
export function sealSecret(recipient: TpmtPublic, label: SecretLabel, random: Random): SealedSecret {
  const hashAlg = recipient.nameAlg;
  if (recipient.type === algorithms.ecc) {
    const curve = curveOf(recipient.parameters.curveId);
    const scalar = random(curve.size);
    const ephemeral = pointOf(curve, scalar);
    const zx = sharedX(curve, scalar, recipient.unique);
    const seed = seedOf({ curve, hashAlg, label, zx, ephemeral, recipient: recipient.unique });
    return { seed, encrypted: TpmsEccPoint.encode(ephemeral) };
  }
  const key = publicKeyOf(recipient);
  if (key === undefined) throw new TypeError("a secret can only be sent to an RSA or ECC key");
  const seed = random(hashOf(hashAlg).digestSize);
  return { seed, encrypted: oaepEncrypt({ key, hashAlg, label: oaepLabel(label), message: seed, random }) };
}

/** The Name of a public area. */
export function publicAreaName(area: TpmtPublic): Buffer {
  return nameOf(area.nameAlg, TpmtPublic.encode(area));
}
