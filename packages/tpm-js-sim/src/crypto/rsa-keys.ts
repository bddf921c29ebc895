import { generateKeyPair, generateKeyPairSync, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import { algorithms } from "../tables/algorithms.js";
import { digest } from "./crypto.js";
import { deriveRsaKey } from "./rsa-derivation.js";
import { deriveRsaKeyAsync } from "./rsa-workers.js";

/** A key, and the hint with which the same source makes it again at once. */
export interface SourcedRsaKey {
  readonly key: KeyObject;
  /** 256 bytes; taken from the key when it is left out */
  readonly modulus?: Buffer;
  readonly hint?: Buffer;
}

/** The source of a TPM's RSA-2048 keys. `rsaKey` is a method, so that a source may have state. */
export interface RsaKeySource {
  /**
   * @param seed 32 bytes, derived from the TPM's seed and the whole template, or random
   * @param hint of the same key, from an earlier call
   */
  rsaKey(seed: Buffer, hint: Buffer | undefined): SourcedRsaKey;
  /** The same without blocking the event loop, for `sendAsync`. A source without it is assumed to be fast. */
  rsaKeyAsync?(seed: Buffer, hint: Buffer | undefined): Promise<SourcedRsaKey>;
}

/** The default: the same seed gives the same key on any machine. About 80 ms without a hint. */
export const seededRsaKeys: RsaKeySource = {
  rsaKey: (seed, hint) => deriveRsaKey(seed, hint),
  rsaKeyAsync: (seed, hint) => deriveRsaKeyAsync(seed, hint),
};

const generate = promisify(generateKeyPair);
const rsa2048 = { modulusLength: 2048 };

/**
 * Keys of node's own generator, as strong as any, about 200 ms each. A template gives a different key each time: only
 * keys that are made persistent stay.
 */
export const generatedRsaKeys: RsaKeySource = {
  rsaKey: () => ({ key: generateKeyPairSync("rsa", rsa2048).privateKey }),
  rsaKeyAsync: async () => ({ key: (await generate("rsa", rsa2048)).privateKey }),
};

/**
 * Existing keys, shared by the TPMs that use the pool. A shared storage root key goes unnoticed; a shared endorsement
 * key makes two devices look like one.
 * @throws RangeError for an empty pool
 */
export function pooledRsaKeys(keys: readonly KeyObject[]): RsaKeySource {
  return {
    rsaKey: (seed) => {
      const key = keys[digest(algorithms.sha256, seed).readUInt32BE(0) % Math.max(1, keys.length)];
      if (key === undefined) throw new RangeError("the pool of RSA keys is empty");
      return { key };
    },
  };
}
