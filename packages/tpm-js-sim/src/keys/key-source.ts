import { hmac, type Random } from "../crypto/crypto.js";
import type { RsaKeySource, SourcedRsaKey } from "../crypto/rsa-keys.js";
import { algorithms } from "../tables/algorithms.js";

/** How the command that is being run comes by new keys. */
export interface KeyMaking {
  /** The seed of a key that is no primary one: random, and of no use without the TPM's own. */
  seed(): Buffer;
  rsaKey(seed: Buffer, hint: Buffer | undefined): SourcedRsaKey;
}

function newSeed(random: Random): Buffer {
  return hmac(algorithms.sha256, random(32), Buffer.from("object"));
}

/** Keys are made while the command runs, which takes as long as it takes. */
export function makingAtOnce(random: Random, source: RsaKeySource): KeyMaking {
  return { seed: () => newSeed(random), rsaKey: (seed, hint) => source.rsaKey(seed, hint) };
}

/** Ends a command that needs a key which is not there yet. No command has changed anything by then: it can be run again. */
export class KeyNotReady extends Error {
  override readonly name = "KeyNotReady";
  readonly ready: Promise<void>;

  constructor(ready: Promise<void>) {
    super("the key is being made");
    this.ready = ready;
  }
}

type Made = { readonly key: SourcedRsaKey } | { readonly error: unknown };

/**
 * Keys are made beside the event loop: the command ends in {@link KeyNotReady}, and is run again when the key is there.
 * For one command only: its seed is the same each time.
 */
export function makingBeside(random: Random, source: RsaKeySource): KeyMaking {
  let seed: Buffer | undefined;
  const made = new Map<string, Made>();
  return {
    seed: () => {
      seed ??= newSeed(random);
      return seed;
    },
    rsaKey: (keySeed, hint) => {
      const id = keySeed.toString("hex");
      const found = made.get(id);
      if (found === undefined && source.rsaKeyAsync !== undefined) {
        const ready = source.rsaKeyAsync(keySeed, hint).then(
          (key) => void made.set(id, { key }),
          (error: unknown) => void made.set(id, { error }),
        );
        throw new KeyNotReady(ready);
      }
      if (found === undefined) return source.rsaKey(keySeed, hint);
      if ("error" in found) throw found.error;
      return found.key;
    },
  };
}
