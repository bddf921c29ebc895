import { digest, hmac, nameOf } from "../crypto/crypto.js";
import { type RsaKeySource, seededRsaKeys } from "../crypto/rsa-keys.js";
import { deriveRsaKeyAsync } from "../crypto/rsa-workers.js";
import { algorithms } from "../tables/algorithms.js";
import { u32 } from "../wire/codec.js";
import { TpmtPublic } from "../wire/structures.js";
import { publicAreaName, publicKeyOf, type Secret, type TpmKey } from "./keys.js";
import { makeKey, type RsaHint } from "./make-key.js";
import { privateBytes } from "./private-key-bytes.js";
import type { PrimaryTemplate } from "./templates.js";

// A primary key is a function of its hierarchy's seed and of the whole template. Clients that differ in `unique` get
// different keys, as on hardware, and each client gets the same key again after any number of restarts.

function keySeed(hierarchySeed: Uint8Array, template: TpmtPublic): Buffer {
  return hmac(algorithms.sha256, hierarchySeed, Buffer.from("primary"), TpmtPublic.encode(template));
}

/** The id under which a primary RSA key's hint is kept. It reveals nothing of the seed. */
function hintId(seed: Uint8Array): string {
  return digest(algorithms.sha256, Buffer.from("hint"), seed).toString("hex", 0, 8);
}

/** The input of {@link makePrimary}, besides the template. */
export interface PrimaryInput extends PrimaryTemplate {
  readonly hierarchySeed: Uint8Array;
  /** read, and extended with new hints */
  readonly hints: Map<string, Buffer>;
  readonly authValue: Buffer;
  readonly rsaKeys?: Pick<RsaKeySource, "rsaKey">;
  /** secret data that the caller gives: an HMAC or AES key, or data to seal */
  readonly data?: Buffer;
}

/** The qualified Name of a primary key (Part 1, "Qualified Name"). */
function primaryQualifiedName(hierarchy: number, area: TpmtPublic): Buffer {
  return nameOf(area.nameAlg, Buffer.concat([u32.encode(hierarchy), publicAreaName(area)]));
}

function primaryKey(
  hierarchy: number,
  publicArea: TpmtPublic,
  rest: Pick<TpmKey, "authValue" | "seedValue" | "secret">,
): TpmKey {
  return {
    is: "key",
    publicArea,
    name: publicAreaName(publicArea),
    qualifiedName: primaryQualifiedName(hierarchy, publicArea),
    hierarchy,
    ...rest,
  };
}

function hintsFor(id: string, hints: Map<string, Buffer>): RsaHint {
  return {
    known: hints.get(id),
    found: (hint) => {
      hints.set(id, hint);
    },
  };
}

/**
 * The primary key of a hierarchy and a template. An RSA key without a hint takes about 80 ms.
 * @throws TpmError TPM_RC_KEY_SIZE for data that does not fit this template
 */
export function makePrimary({
  hierarchy,
  template,
  hierarchySeed,
  hints,
  authValue,
  rsaKeys = seededRsaKeys,
  data,
}: PrimaryInput): TpmKey {
  const seed = keySeed(hierarchySeed, template);
  const hint = hintsFor(hintId(seed), hints);
  const { publicArea, secret, seedValue } = makeKey({ template, seed, hint, data, rsaKeys });
  return primaryKey(hierarchy, publicArea, { authValue, seedValue, secret });
}

/** A hint for the RSA key of a template, found without blocking the event loop; undefined for other types. */
export async function findHint(
  hierarchySeed: Uint8Array,
  template: TpmtPublic,
): Promise<readonly [string, Buffer] | undefined> {
  if (template.type !== algorithms.rsa) return undefined;
  const seed = keySeed(hierarchySeed, template);
  const { hint } = await deriveRsaKeyAsync(seed);
  return [hintId(seed), hint];
}

/** Makes an existing key a primary key. `seedValue` is derived from the key, since nothing else needs to know it. */
export function adoptPrimary(hierarchy: number, publicArea: TpmtPublic, secret: Secret): TpmKey {
  const bytes = privateBytes(secret);
  if (publicKeyOf(publicArea) === undefined) throw new TypeError("only RSA and ECC keys can be primary here");
  const seedValue = digest(algorithms.sha256, Buffer.from("adopted"), bytes);
  return primaryKey(hierarchy, publicArea, { authValue: Buffer.alloc(0), seedValue, secret });
}
