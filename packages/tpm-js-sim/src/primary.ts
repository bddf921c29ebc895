import { u32 } from "./codec.js";
import { digest, hmac, nameOf } from "./crypto.js";
import { pointOf, publicAreaName, publicKeyOf, type Secret, type TpmKey } from "./keys.js";
import { type DerivedRsaKey, deriveRsaKey, deriveRsaKeyAsync } from "./rsa-derivation.js";
import { TpmtPublic } from "./structures.js";
import { algorithms } from "./tables/algorithms.js";
import type { PrimaryTemplate } from "./templates.js";
import { TpmError } from "./tpm-error.js";

// A primary key is a function of its hierarchy's seed and of the whole template, so that the clients which differ
// in `unique` get different keys, as on hardware, and each gets the same one again after any number of restarts.

function keySeed(hierarchySeed: Uint8Array, template: TpmtPublic): Buffer {
  return hmac(algorithms.sha256, hierarchySeed, Buffer.from("primary"), TpmtPublic.encode(template));
}

/** Under which a primary RSA key's hint is kept: gives nothing of the seed away. */
function hintId(seed: Uint8Array): string {
  return digest(algorithms.sha256, Buffer.from("hint"), seed).toString("hex", 0, 8);
}

const groupOrder = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

function eccScalar(seed: Uint8Array): Buffer {
  // 512 bits reduced by the order: no bias worth the name (FIPS 186-5, A.2.1), and never zero.
  const wide = BigInt(`0x${hmac(algorithms.sha512, seed, Buffer.from("ecc")).toString("hex")}`);
  return Buffer.from(((wide % (groupOrder - 1n)) + 1n).toString(16).padStart(64, "0"), "hex");
}

interface Made {
  readonly publicArea: TpmtPublic;
  readonly secret: Secret;
}

function rsaKey(template: Extract<TpmtPublic, { type: typeof algorithms.rsa }>, { key }: DerivedRsaKey): Made {
  const modulus = key.export({ format: "jwk" }).n ?? "";
  return { publicArea: { ...template, unique: Buffer.from(modulus, "base64url") }, secret: { kind: "rsa", key } };
}

function make(template: TpmtPublic, seed: Buffer, hints: Map<string, Buffer>): Made {
  if (template.type === algorithms.ecc) {
    const scalar = eccScalar(seed);
    return { publicArea: { ...template, unique: pointOf(scalar) }, secret: { kind: "ecc", scalar } };
  }
  if (template.type !== algorithms.rsa) throw new TpmError("type");
  const id = hintId(seed);
  const derived = deriveRsaKey(seed, hints.get(id));
  hints.set(id, derived.hint);
  return rsaKey(template, derived);
}

/** What a primary key is made from, besides its template. */
export interface PrimaryInput extends PrimaryTemplate {
  readonly hierarchySeed: Uint8Array;
  /** read, and added to */
  readonly hints: Map<string, Buffer>;
  readonly authValue: Buffer;
}

/** The qualified Name of a primary key (Part 1, "Qualified Name"). */
function primaryQualifiedName(hierarchy: number, area: TpmtPublic): Buffer {
  return nameOf(area.nameAlg, Buffer.concat([u32.encode(hierarchy), publicAreaName(area)]));
}

/**
 * The primary key of a hierarchy and a template. An RSA key without a hint takes about 80 ms.
 * @throws TpmError TPM_RC_TYPE for a template that is neither RSA nor ECC
 */
export function makePrimary({ hierarchy, template, hierarchySeed, hints, authValue }: PrimaryInput): TpmKey {
  const seed = keySeed(hierarchySeed, template);
  const { publicArea, secret } = make(template, seed, hints);
  return {
    is: "key",
    publicArea,
    name: publicAreaName(publicArea),
    qualifiedName: primaryQualifiedName(hierarchy, publicArea),
    hierarchy,
    authValue,
    seedValue: hmac(algorithms.sha256, seed, Buffer.from("seedValue")),
    secret,
  };
}

/** A hint for the RSA key of a template, found off the event loop; undefined for other types. */
export async function findHint(
  hierarchySeed: Uint8Array,
  template: TpmtPublic,
): Promise<readonly [string, Buffer] | undefined> {
  if (template.type !== algorithms.rsa) return undefined;
  const seed = keySeed(hierarchySeed, template);
  const { hint } = await deriveRsaKeyAsync(seed);
  return [hintId(seed), hint];
}

/** A key from outside as a primary key. `seedValue` follows from the key, for nobody else ever needs it. */
export function adoptPrimary(hierarchy: number, publicArea: TpmtPublic, secret: Secret): TpmKey {
  const bytes =
    secret.kind === "rsa"
      ? secret.key.export({ format: "der", type: "pkcs8" })
      : secret.kind === "ecc"
        ? secret.scalar
        : secret.key;
  if (publicKeyOf(publicArea) === undefined) throw new TypeError("only RSA and ECC keys can be primary here");
  return {
    is: "key",
    publicArea,
    name: publicAreaName(publicArea),
    qualifiedName: primaryQualifiedName(hierarchy, publicArea),
    hierarchy,
    authValue: Buffer.alloc(0),
    seedValue: digest(algorithms.sha256, Buffer.from("adopted"), bytes),
    secret,
  };
}
