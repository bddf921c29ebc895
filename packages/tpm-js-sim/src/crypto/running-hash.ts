import { createHash, type Hash } from "node:crypto";
import { hashOf } from "../wire/hashes.js";

/** A hash or an HMAC that takes its data in pieces and can be copied; node's own HMAC cannot. */
export interface RunningHash {
  update(data: Uint8Array): void;
  /** Ends the hash. */
  digest(): Buffer;
  copy(): RunningHash;
}

function running(hash: Hash, finish: (digest: Buffer) => Buffer): RunningHash {
  return {
    update: (data) => void hash.update(data),
    digest: () => finish(hash.digest()),
    copy: () => running(hash.copy(), finish),
  };
}

export function runningHash(algorithm: number): RunningHash {
  return running(createHash(hashOf(algorithm).node), (digest) => digest);
}

/** RFC 2104 */
export function runningHmac(algorithm: number, key: Uint8Array): RunningHash {
  const { node, blockSize } = hashOf(algorithm);
  const short = key.length > blockSize ? createHash(node).update(key).digest() : key;
  const block = Buffer.concat([short, Buffer.alloc(blockSize - short.length)]);
  const [inner, outer] = [0x36, 0x5c].map((pad) => createHash(node).update(block.map((byte) => byte ^ pad)));
  if (inner === undefined || outer === undefined) throw new Error("one of the two hashes is missing");
  return running(inner, (digest) => outer.copy().update(digest).digest());
}
