import { createECDH } from "node:crypto";
import { type CurveRow, eccCurves } from "../tables/ecc-curves.js";
import type { Infer } from "../wire/codec.js";
import type { TpmsEccPoint } from "../wire/structures.js";
import { TpmError } from "../wire/tpm-error.js";

// ECDSA over given digests, and both coordinates of a key exchange: node:crypto signs only data that it hashes itself,
// and returns x alone. SEC 1, version 2.0.

export type EccPoint = Infer<typeof TpmsEccPoint>;

interface Affine {
  readonly x: bigint;
  readonly y: bigint;
}

/** Jacobian coordinates; z = 0 is the point at infinity. */
interface Point extends Affine {
  readonly z: bigint;
}

const infinity: Point = { x: 1n, y: 1n, z: 0n };

/** The row of a curve. @throws TpmError TPM_RC_CURVE for a curve that this TPM lacks */
export function curveOf(curveId: number): CurveRow {
  const row = eccCurves.get(curveId);
  if (row === undefined) throw new TpmError("curve");
  return row;
}

function mod(value: bigint, modulus: bigint): bigint {
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

function doubled({ x, y, z }: Point, prime: bigint): Point {
  if (z === 0n || y === 0n) return infinity;
  const zz = mod(z * z, prime);
  const yy = mod(y * y, prime);
  const slope = mod(3n * (x - zz) * (x + zz), prime); // a = -3
  const s = mod(4n * x * yy, prime);
  const doubleX = mod(slope * slope - 2n * s, prime);
  return { x: doubleX, y: mod(slope * (s - doubleX) - 8n * yy * yy, prime), z: mod(2n * y * z, prime) };
}

function added(left: Point, right: Point, prime: bigint): Point {
  if (left.z === 0n) return right;
  if (right.z === 0n) return left;
  const leftZz = mod(left.z * left.z, prime);
  const rightZz = mod(right.z * right.z, prime);
  const u = mod(left.x * rightZz, prime);
  const s = mod(left.y * rightZz * right.z, prime);
  const h = mod(right.x * leftZz - u, prime);
  const r = mod(right.y * leftZz * left.z - s, prime);
  if (h === 0n) return r === 0n ? doubled(left, prime) : infinity;
  const hh = mod(h * h, prime);
  const hhh = mod(h * hh, prime);
  const x = mod(r * r - hhh - 2n * u * hh, prime);
  return { x, y: mod(r * (u * hh - x) - s * hhh, prime), z: mod(h * left.z * right.z, prime) };
}

/** `a·G + b·point`, both at once. */
function combined({ prime, generator, size }: CurveRow, a: bigint, b: bigint, point: Affine): Point {
  const [g, q] = [
    { ...generator, z: 1n },
    { ...point, z: 1n },
  ];
  const both = added(g, q, prime);
  let sum = infinity;
  for (let bit = BigInt(size * 8 - 1); bit >= 0n; bit -= 1n) {
    sum = doubled(sum, prime);
    const [ofG, ofQ] = [(a >> bit) & 1n, (b >> bit) & 1n];
    if (ofG === 1n && ofQ === 1n) sum = added(sum, both, prime);
    else if (ofG === 1n) sum = added(sum, g, prime);
    else if (ofQ === 1n) sum = added(sum, q, prime);
  }
  return sum;
}

function affine({ x, y, z }: Point, prime: bigint): Affine {
  const inverted = inverse(z, prime);
  const squared = mod(inverted * inverted, prime);
  return { x: mod(x * squared, prime), y: mod(y * squared * inverted, prime) };
}

function numberOf(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
}

function bytesOf(value: bigint, size: number): Buffer {
  return Buffer.from(value.toString(16).padStart(size * 2, "0"), "hex");
}

/** The leftmost bits of a digest, as many as the curve has. */
function messageOf(digest: Uint8Array, { size }: CurveRow): bigint {
  return numberOf(digest.subarray(0, size));
}

/** The bytes with leading zeros, as long as the curve's numbers are. */
export function padded(bytes: Uint8Array, { size }: CurveRow): Buffer {
  return Buffer.concat([Buffer.alloc(Math.max(0, size - bytes.length)), bytes]);
}

/** Whether bytes are a scalar of the curve: 1 to the group's order less one, with or without leading zeros. */
export function isScalar({ order, size }: CurveRow, bytes: Uint8Array): boolean {
  const value = numberOf(bytes);
  return bytes.length <= size && value > 0n && value < order;
}

export interface EcdsaSignature {
  readonly r: Buffer;
  readonly s: Buffer;
}

/** A scalar, and the digest that it signs. */
export interface EcdsaInput {
  readonly curve: CurveRow;
  readonly scalar: Uint8Array;
  readonly digest: Uint8Array;
  /** called with the length of a scalar, as often as needed to find a signature */
  readonly random: (length: number) => Buffer;
}

/** Signs a digest. */
export function ecdsaSign({ curve, scalar, digest, random }: EcdsaInput): EcdsaSignature {
  const { order, prime, size, generator } = curve;
  for (;;) {
    const k = mod(numberOf(random(size)), order - 1n) + 1n;
    const r = mod(affine(combined(curve, k, 0n, generator), prime).x, order);
    const s = mod(inverse(k, order) * (messageOf(digest, curve) + r * numberOf(scalar)), order);
    if (r !== 0n && s !== 0n) return { r: bytesOf(r, size), s: bytesOf(s, size) };
  }
}

function isOnCurve({ prime, b }: CurveRow, { x, y }: Affine): boolean {
  return x < prime && y < prime && mod(y * y - (x * x * x - 3n * x + b), prime) === 0n;
}

/** Whether a public key is a point of the curve. */
export function isPoint(curve: CurveRow, { x, y }: EccPoint): boolean {
  return isOnCurve(curve, { x: numberOf(x), y: numberOf(y) });
}

/** Whether a signature of a digest is right. */
export function ecdsaVerify(
  curve: CurveRow,
  publicPoint: EccPoint,
  digest: Uint8Array,
  { r, s }: EcdsaSignature,
): boolean {
  const { order, prime } = curve;
  const [rn, sn] = [numberOf(r), numberOf(s)];
  const point = { x: numberOf(publicPoint.x), y: numberOf(publicPoint.y) };
  const inRange = [rn, sn].every((value) => value > 0n && value < order);
  if (!inRange || !isOnCurve(curve, point)) return false;
  const w = inverse(sn, order);
  const sum = combined(curve, mod(messageOf(digest, curve) * w, order), mod(rn * w, order), point);
  return sum.z !== 0n && mod(affine(sum, prime).x, order) === rn;
}

/** The public point of a private scalar. */
export function pointOf({ node, size }: CurveRow, scalar: Uint8Array): EccPoint {
  const ecdh = createECDH(node);
  ecdh.setPrivateKey(scalar);
  const bytes = ecdh.getPublicKey();
  return { x: bytes.subarray(1, 1 + size), y: bytes.subarray(1 + size) };
}

/** The shared point of a key exchange, both coordinates. @throws TpmError TPM_RC_ECC_POINT for a point off the curve */
export function sharedPoint(curve: CurveRow, scalar: Uint8Array, { x, y }: EccPoint): EccPoint {
  const point = { x: numberOf(x), y: numberOf(y) };
  if (!isOnCurve(curve, point)) throw new TpmError("eccPoint");
  const { prime, size } = curve;
  const shared = affine(combined(curve, 0n, numberOf(scalar), point), prime);
  return { x: bytesOf(shared.x, size), y: bytesOf(shared.y, size) };
}

/** A number of 1 to the group's order less one, from 512 bits reduced: its bias is negligible (FIPS 186-5, A.2.1). */
export function scalarFrom({ order, size }: CurveRow, wide: Uint8Array): Buffer {
  return bytesOf((numberOf(wide) % (order - 1n)) + 1n, size);
}
