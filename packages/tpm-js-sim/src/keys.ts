import { constants, createECDH, createPublicKey, type KeyObject, privateDecrypt } from "node:crypto";
import { decode, type Infer } from "./codec.js";
import { kdfe, nameOf, oaepEncrypt, oaepLabel, type Random } from "./crypto.js";
import { hashOf } from "./hashes.js";
import { TpmsEccPoint, TpmtPublic } from "./structures.js";
import { algorithms } from "./tables/algorithms.js";
import { TpmError } from "./tpm-error.js";

/** The private part of a loaded key. */
export type Secret =
  | { readonly kind: "rsa"; readonly key: KeyObject }
  | { readonly kind: "ecc"; readonly scalar: Buffer }
  | { readonly kind: "hmac"; readonly key: Buffer }
  | { readonly kind: "sym"; readonly key: Buffer }
  /** a public key that LoadExternal brought */
  | { readonly kind: "none" };

/** A key inside the TPM. */
export interface TpmKey {
  readonly is: "key";
  readonly publicArea: TpmtPublic;
  readonly name: Buffer;
  readonly qualifiedName: Buffer;
  readonly hierarchy: number;
  readonly authValue: Buffer;
  /** For a storage key, what its children are wrapped with; for an HMAC key, what hides it in `unique`. */
  readonly seedValue: Buffer;
  readonly secret: Secret;
}

export type EccPoint = Infer<typeof TpmsEccPoint>;

const coordinate = 32;

function padded(bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.alloc(Math.max(0, coordinate - bytes.length)), bytes]);
}

function uncompressed(point: EccPoint): Buffer {
  return Buffer.concat([Buffer.of(4), padded(point.x), padded(point.y)]);
}

/** The P-256 point of a scalar. */
export function pointOf(scalar: Uint8Array): EccPoint {
  const ecdh = createECDH("prime256v1");
  ecdh.setPrivateKey(scalar);
  const bytes = ecdh.getPublicKey();
  return { x: bytes.subarray(1, 33), y: bytes.subarray(33, 65) };
}

/** Z.x of P-256. @throws TpmError TPM_RC_ECC_POINT when the point is not on the curve */
function sharedX(scalar: Uint8Array, point: EccPoint): Buffer {
  const ecdh = createECDH("prime256v1");
  ecdh.setPrivateKey(scalar);
  try {
    return ecdh.computeSecret(uncompressed(point));
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
  const [x, y] = [padded(area.unique.x).toString("base64url"), padded(area.unique.y).toString("base64url")];
  return createPublicKey({ key: { kty: "EC", crv: "P-256", x, y }, format: "jwk" });
}

export type SecretLabel = "IDENTITY" | "DUPLICATE" | "SECRET";

interface EccExchange {
  readonly hashAlg: number;
  readonly label: SecretLabel;
  readonly zx: Buffer;
  readonly ephemeral: EccPoint;
  readonly recipient: EccPoint;
}

function seedOf({ hashAlg, label, zx, ephemeral, recipient }: EccExchange): Buffer {
  const bits = hashOf(hashAlg).digestSize * 8;
  return kdfe({ hashAlg, key: zx, label, contextU: padded(ephemeral.x), contextV: padded(recipient.x), bits });
}

/**
 * Opens a seed that somebody sent to this key (Part 1, annexes B.10.3 and C.6.1).
 * @param encrypted the content of TPM2B_ENCRYPTED_SECRET
 * @throws TpmError TPM_RC_VALUE when it does not open, TPM_RC_KEY for a key that cannot receive one
 */
export function openSecret(key: TpmKey, label: SecretLabel, encrypted: Buffer): Buffer {
  const { secret, publicArea } = key;
  const { nameAlg: hashAlg } = publicArea;
  if (secret.kind === "ecc" && publicArea.type === algorithms.ecc) {
    const ephemeral = decode(TpmsEccPoint, encrypted);
    return seedOf({ hashAlg, label, zx: sharedX(secret.scalar, ephemeral), ephemeral, recipient: publicArea.unique });
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
 * @throws TypeError for a public area that is neither RSA nor P-256
 */
export function sealSecret(recipient: TpmtPublic, label: SecretLabel, random: Random): SealedSecret {
  const hashAlg = recipient.nameAlg;
  if (recipient.type === algorithms.ecc) {
    const scalar = random(coordinate);
    const ephemeral = pointOf(scalar);
    const zx = sharedX(scalar, recipient.unique);
    const seed = seedOf({ hashAlg, label, zx, ephemeral, recipient: recipient.unique });
    return { seed, encrypted: TpmsEccPoint.encode(ephemeral) };
  }
  const key = publicKeyOf(recipient);
  if (key === undefined) throw new TypeError("a secret can only be sent to an RSA or ECC key");
  const seed = random(hashOf(hashAlg).digestSize);
  return { seed, encrypted: oaepEncrypt({ key, hashAlg, label, message: seed, random }) };
}

/** The Name of a public area. */
export function publicAreaName(area: TpmtPublic): Buffer {
  return nameOf(area.nameAlg, TpmtPublic.encode(area));
}
