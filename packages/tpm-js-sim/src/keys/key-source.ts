import { hmac, type Random } from "../crypto/crypto.js";
import type { RsaKeySource, SourcedRsaKey } from "../crypto/rsa-keys.js";
import { algorithms } from "../tables/algorithms.js";

/** How the running command gets new keys. */
export interface KeyMaking {
  /** The seed of a new key that is not a primary key; random. */
  seed(): Buffer;
  rsaKey(seed: Buffer, hint: Buffer | undefined): SourcedRsaKey;
}

function newSeed(random: Random): Buffer {
  return hmac(algorithms.sha256, random(32), Buffer.from("object"));
}

/** Makes keys while the command runs, and blocks until they are made. */
export function makingAtOnce(random: Random, source: RsaKeySource): KeyMaking {
  return { seed: () => newSeed(random), rsaKey: (seed, hint) => source.rsaKey(seed, hint) };
}

/** Ends a command whose key is not ready yet. The command has changed nothing so far, so it can be run again. */
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
 * Makes keys without blocking the event loop: the command ends in {@link KeyNotReady}, and is run again when the key is
 * ready. For one command only, since its seed is the same each time.
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
