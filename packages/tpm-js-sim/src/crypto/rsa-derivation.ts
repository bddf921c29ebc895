import { checkPrimeSync, createHash, createHmac, createPrivateKey, type KeyObject } from "node:crypto";
import { TpmError } from "../wire/tpm-error.js";

// An RSA-2048 key as a function of a 32-byte seed. The scheme is ours: a TPM's primary keys must be functions of its
// seed, but each vendor chooses the function (Part 1, "Primary Seeds").

const exponent = 65537n;
const window = 4096; // odd candidates of one block; with probability e^-11 they contain no prime, and the next block is tried

/**
 * A prime, and the place in the search where it was found: from the place it is found again without any primality test.
 */
interface Found {
  readonly prime: bigint;
  readonly block: number;
  readonly step: number;
}

function smallPrimes(below: number): readonly number[] {
  const composite = new Uint8Array(below);
  const primes: number[] = [];
  for (let n = 3; n < below; n += 2) {
    if (composite[n] === 1) continue;
    primes.push(n);
    for (let multiple = n * n; multiple < below; multiple += n) composite[multiple] = 1;
  }
  return primes;
}

/** Small primes in groups whose product fits a double: one long division serves a whole group. */
function inGroups(primes: readonly number[]): readonly { readonly product: bigint; readonly primes: number[] }[] {
  const groups: { product: bigint; primes: number[] }[] = [];
  for (const prime of primes) {
    const last = groups.at(-1);
    const product = (last?.product ?? 1n) * BigInt(prime);
    if (last === undefined || product > BigInt(Number.MAX_SAFE_INTEGER))
      groups.push({ product: BigInt(prime), primes: [prime] });
    else [last.product, last.primes] = [product, [...last.primes, prime]];
  }
  return groups;
}

// The sieve's limit affects only the speed: every candidate that is left is tested anyway.
const sieveGroups = inGroups(smallPrimes(20_000));

/**
 * 1024 bits of the seed's stream. The two top bits are set, so that the modulus has 2048 bits, and so is the lowest
 * bit.
 */
function startOf(seed: Uint8Array, label: string, block: number): bigint {
  const parts = [0, 1, 2, 3].map((part) =>
    createHmac("sha256", seed).update(`${label}:${block}:${part}`).digest("hex"),
  );
  return BigInt(`0x${parts.join("")}`) | (3n << 1022n) | 1n;
}

/** Strikes out the multiples of a prime; (prime + 1) / 2 is the inverse of 2, so the first is where start + 2·step ≡ 0. */
function strike(composite: Uint8Array, prime: number, remainder: number): void {
  const first = ((prime - remainder) * ((prime + 1) / 2)) % prime;
  for (let step = first; step < window; step += prime) composite[step] = 1;
}

function sieve(start: bigint): Uint8Array {
  const composite = new Uint8Array(window);
  for (const { product, primes } of sieveGroups) {
    const rest = Number(start % product);
    for (const prime of primes) strike(composite, prime, rest % prime);
  }
  return composite;
}

function* candidates(seed: Uint8Array, label: string): Generator<Found, never> {
  for (let block = 0; ; block += 1) {
    const start = startOf(seed, label, block);
    const composite = sieve(start);
    for (let step = 0; step < window; step += 1) {
      const prime = start + BigInt(2 * step);
      if (composite[step] === 0 && (prime - 1n) % exponent !== 0n) yield { prime, block, step };
    }
  }
}

function findPrime(seed: Uint8Array, label: string): Found {
  const search = candidates(seed, label);
  let candidate = search.next().value;
  while (!checkPrimeSync(candidate.prime)) candidate = search.next().value;
  return candidate;
}

function inverse(value: bigint, modulus: bigint): bigint {
  let [previous, current] = [modulus, ((value % modulus) + modulus) % modulus];
  let [before, after] = [0n, 1n];
  while (current !== 0n) {
    const quotient = previous / current;
    [previous, current] = [current, previous - quotient * current];
    [before, after] = [after, before - quotient * after];
  }
  return ((before % modulus) + modulus) % modulus;
}

function base64url(value: bigint, length: number): string {
  return Buffer.from(value.toString(16).padStart(2 * length, "0"), "hex").toString("base64url");
}

function modulusBytes(p: bigint, q: bigint): Buffer {
  return Buffer.from((p * q).toString(16).padStart(512, "0"), "hex");
}

/** The RSA-2048 private key of two primes. */
function rsaKeyOf(one: bigint, other: bigint): KeyObject {
  const [p, q] = one > other ? [one, other] : [other, one];
  const phi = (p - 1n) * (q - 1n);
  // d = (1 + k·phi) / e with k = -1/phi mod e: a long inversion becomes a short one.
  const d = (1n + (exponent - inverse(phi, exponent)) * phi) / exponent;
  const jwk = {
    kty: "RSA",
    n: modulusBytes(p, q).toString("base64url"),
    e: "AQAB",
    d: base64url(d, 256),
    p: base64url(p, 128),
    q: base64url(q, 128),
    dp: base64url(d % (p - 1n), 128),
    dq: base64url(d % (q - 1n), 128),
    qi: base64url(inverse(q, p), 128),
  };
  return createPrivateKey({ key: jwk, format: "jwk" });
}

/**
 * The RSA-2048 private key of a modulus and one of its primes.
 * @throws TpmError TPM_RC_BINDING when the prime does not divide the modulus
 */
export function rsaKeyFromPrime(modulus: Uint8Array, prime: Uint8Array): KeyObject {
  const [n, p] = [modulus, prime].map((bytes) => BigInt(`0x${Buffer.from(bytes).toString("hex")}`));
  if (n === undefined || p === undefined || p < 3n || n % p !== 0n) throw new TpmError("binding");
  try {
    return rsaKeyOf(p, n / p);
  } catch (cause) {
    throw new TpmError("binding", undefined, { cause });
  }
}

/** A derived key, and the 8 bytes that let {@link deriveRsaKey} make it again in a fraction of a millisecond. */
export interface DerivedRsaKey {
  /** assembled on first use: most of a device's start needs the modulus only */
  readonly key: KeyObject;
  readonly modulus: Buffer;
  readonly hint: Buffer;
}

function checkOf(modulus: Buffer): Buffer {
  return createHash("sha256").update(modulus).digest().subarray(0, 2);
}

function derivedKey(p: bigint, q: bigint, modulus: Buffer, hint: Buffer): DerivedRsaKey {
  let key: KeyObject | undefined;
  return {
    modulus,
    hint,
    get key() {
      key ??= rsaKeyOf(p, q);
      return key;
    },
  };
}

/**
 * Hint: for each prime u8 block and u16 step, then two bytes of SHA-256(modulus), which reveal a hint of another key.
 */
function derived(p: Found, q: Found): DerivedRsaKey {
  const hint = Buffer.alloc(8);
  hint.writeUInt8(p.block, 0);
  hint.writeUInt16BE(p.step, 1);
  hint.writeUInt8(q.block, 3);
  hint.writeUInt16BE(q.step, 4);
  const modulus = modulusBytes(p.prime, q.prime);
  checkOf(modulus).copy(hint, 6);
  return derivedKey(p.prime, q.prime, modulus, hint);
}

/** The key of a seed by its hint alone; undefined when the hint is another key's. */
export function deriveFromHint(seed: Uint8Array, hint: Uint8Array): DerivedRsaKey | undefined {
  if (hint.length !== 8) return undefined;
  const bytes = Buffer.from(hint);
  const at = (label: string, offset: number): bigint =>
    startOf(seed, label, bytes.readUInt8(offset)) + BigInt(2 * bytes.readUInt16BE(offset + 1));
  const [p, q] = [at("p", 0), at("q", 3)];
  const modulus = modulusBytes(p, q);
  if (!checkOf(modulus).equals(bytes.subarray(6))) return undefined;
  return derivedKey(p, q, modulus, bytes);
}

/**
 * The RSA-2048 key of a seed. Blocks for about 80 ms without a hint, for 0.1 ms with one.
 * @param hint of an earlier derivation; a hint of another seed is recognised and ignored
 */
export function deriveRsaKey(seed: Uint8Array, hint?: Uint8Array): DerivedRsaKey {
  const known = hint === undefined ? undefined : deriveFromHint(seed, hint);
  return known ?? derived(findPrime(seed, "p"), findPrime(seed, "q"));
}
