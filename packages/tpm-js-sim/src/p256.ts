import type { EccPoint } from "./keys.js";

// ECDSA over digests that were made elsewhere: node:crypto only signs what it has hashed itself. SEC 1, version 2.0.

const prime = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
/** The order of P-256's group. */
export const groupOrder = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const generator: Affine = {
  x: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
  y: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
};

interface Affine {
  readonly x: bigint;
  readonly y: bigint;
}

/** Jacobian coordinates; z = 0 is the point at infinity. */
interface Point extends Affine {
  readonly z: bigint;
}

const infinity: Point = { x: 1n, y: 1n, z: 0n };

function mod(value: bigint, modulus: bigint = prime): bigint {
  const rest = value % modulus;
  return rest < 0n ? rest + modulus : rest;
}

function inverse(value: bigint, modulus: bigint): bigint {
  let [previous, current] = [modulus, mod(value, modulus)];
  let [before, after] = [0n, 1n];
  while (current !== 0n) {
    const quotient = previous / current;
    [previous, current] = [current, previous - quotient * current];
    [before, after] = [after, before - quotient * after];
  }
  return mod(before, modulus);
}

function doubled({ x, y, z }: Point): Point {
  if (z === 0n || y === 0n) return infinity;
  const zz = mod(z * z);
  const yy = mod(y * y);
  const slope = mod(3n * (x - zz) * (x + zz)); // a = -3
  const s = mod(4n * x * yy);
  const doubleX = mod(slope * slope - 2n * s);
  return { x: doubleX, y: mod(slope * (s - doubleX) - 8n * yy * yy), z: mod(2n * y * z) };
}

function added(left: Point, right: Point): Point {
  if (left.z === 0n) return right;
  if (right.z === 0n) return left;
  const leftZz = mod(left.z * left.z);
  const rightZz = mod(right.z * right.z);
  const u = mod(left.x * rightZz);
  const s = mod(left.y * rightZz * right.z);
  const h = mod(right.x * leftZz - u);
  const r = mod(right.y * leftZz * left.z - s);
  if (h === 0n) return r === 0n ? doubled(left) : infinity;
  const hh = mod(h * h);
  const hhh = mod(h * hh);
  const x = mod(r * r - hhh - 2n * u * hh);
  return { x, y: mod(r * (u * hh - x) - s * hhh), z: mod(h * left.z * right.z) };
}

/** `a·G + b·point`, both at once. */
function combined(a: bigint, b: bigint, point: Affine): Point {
  const [g, q] = [
    { ...generator, z: 1n },
    { ...point, z: 1n },
  ];
  const both = added(g, q);
  let sum = infinity;
  for (let bit = 255n; bit >= 0n; bit -= 1n) {
    sum = doubled(sum);
    const [ofG, ofQ] = [(a >> bit) & 1n, (b >> bit) & 1n];
    if (ofG === 1n && ofQ === 1n) sum = added(sum, both);
    else if (ofG === 1n) sum = added(sum, g);
    else if (ofQ === 1n) sum = added(sum, q);
  }
  return sum;
}

function xOf({ x, z }: Point): bigint {
  const inverted = inverse(z, prime);
  return mod(x * inverted * inverted);
}

function numberOf(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
}

function bytesOf(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, "0"), "hex");
}

/** The leftmost 256 bits of a digest. */
function messageOf(digest: Uint8Array): bigint {
  return numberOf(digest.subarray(0, 32));
}

export interface EcdsaSignature {
  readonly r: Buffer;
  readonly s: Buffer;
}

/** Signs a digest. @param random gives 32 bytes each time; drawn from until they make a signature */
export function ecdsaSign(scalar: Uint8Array, digest: Uint8Array, random: (length: number) => Buffer): EcdsaSignature {
  for (;;) {
    const k = mod(numberOf(random(32)), groupOrder - 1n) + 1n;
    const r = mod(xOf(combined(k, 0n, generator)), groupOrder);
    const s = mod(inverse(k, groupOrder) * (messageOf(digest) + r * numberOf(scalar)), groupOrder);
    if (r !== 0n && s !== 0n) return { r: bytesOf(r), s: bytesOf(s) };
  }
}

function isOnCurve({ x, y }: Affine): boolean {
  const b = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
  return x < prime && y < prime && mod(y * y - (x * x * x - 3n * x + b)) === 0n;
}

/** Whether a public key is a point of the curve. */
export function isPoint({ x, y }: EccPoint): boolean {
  return isOnCurve({ x: numberOf(x), y: numberOf(y) });
}

/** Whether a signature of a digest is right. */
export function ecdsaVerify(publicPoint: EccPoint, digest: Uint8Array, { r, s }: EcdsaSignature): boolean {
  const [rn, sn] = [numberOf(r), numberOf(s)];
  const point = { x: numberOf(publicPoint.x), y: numberOf(publicPoint.y) };
  const inRange = [rn, sn].every((value) => value > 0n && value < groupOrder);
  if (!inRange || !isOnCurve(point)) return false;
  const w = inverse(sn, groupOrder);
  const sum = combined(mod(messageOf(digest) * w, groupOrder), mod(rn * w, groupOrder), point);
  return sum.z !== 0n && mod(xOf(sum), groupOrder) === rn;
}
