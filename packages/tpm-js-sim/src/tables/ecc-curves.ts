import { curves } from "./algorithms.js";

/** A curve y² = x³ - 3x + b over a prime field, of cofactor 1. */
export interface CurveRow {
  readonly id: number;
  /** node:crypto's name */
  readonly node: string;
  /** as JSON Web Keys name it (RFC 7518, 6.2.1.1) */
  readonly jwk: string;
  /** bytes of a coordinate, and of a scalar */
  readonly size: number;
  readonly prime: bigint;
  readonly b: bigint;
  /** of the group */
  readonly order: bigint;
  readonly generator: { readonly x: bigint; readonly y: bigint };
}

const p256: CurveRow = {
  id: curves.nistP256,
  node: "prime256v1",
  jwk: "P-256",
  size: 32,
  prime: 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn,
  b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  order: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  generator: {
    x: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
    y: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
  },
};

const p384: CurveRow = {
  id: curves.nistP384,
  node: "secp384r1",
  jwk: "P-384",
  size: 48,
  prime: 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffffn,
  b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
  order: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  generator: {
    x: 0xaa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7n,
    y: 0x3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5fn,
  },
};

/** The curves of this TPM, by TPM_ECC_CURVE (SEC 2, version 2.0). */
export const eccCurves: ReadonlyMap<number, CurveRow> = new Map([p256, p384].map((row) => [row.id, row]));
