import type { KeyObject } from "node:crypto";
import { algorithms, curves } from "../tables/algorithms.js";
import { has, objectAttributes } from "../tables/attributes.js";
import { Reader } from "../wire/codec.js";
import { Tpm2bPublic, TpmtEccScheme, type TpmtPublic, TpmtRsaScheme, TpmtSymDefObject } from "../wire/structures.js";
import { TpmError } from "../wire/tpm-error.js";
import { publicAreaName, publicKeyOf } from "./keys.js";

/** One problem of a public area, and where it is. */
export interface PublicProblem {
  /** the field in Part 2's words, e.g. `objectAttributes` */
  readonly field: string;
  /** of the field in the TPM2B_PUBLIC; for bytes that cannot be read, where reading stopped */
  readonly offset: number;
  /** the actual and the expected value */
  readonly message: string;
}

/** The result of {@link parseTpm2bPublic}. */
export type ParsedPublic =
  | {
      readonly kind: "usable";
      readonly publicArea: TpmtPublic;
      readonly name: Buffer;
      readonly keyObject: KeyObject;
      readonly problems: readonly [];
    }
  | { readonly kind: "unsuitable"; readonly publicArea: TpmtPublic; readonly problems: readonly PublicProblem[] }
  | { readonly kind: "malformed"; readonly problems: readonly PublicProblem[] };

export interface ParsePublicOptions {
  /** accept P-256 besides RSA-2048: an extension; the cloud service is not known to accept it */
  readonly allowEcc?: boolean;
}

interface Check {
  readonly field: string;
  readonly offset: number;
  readonly ok: boolean;
  readonly message: string;
}

function hex(value: number, digits = 4): string {
  return `0x${value.toString(16).padStart(digits, "0")}`;
}

/** Offsets in a TPM2B_PUBLIC: length 0, type 2, nameAlg 4, attributes 6, authPolicy 10, then the fields of the type. */
function headChecks(area: TpmtPublic, options: ParsePublicOptions): readonly Check[] {
  const { type, nameAlg, objectAttributes: bits } = area;
  const flag = (name: "restricted" | "decrypt" | "sign", wanted: boolean): Check => ({
    field: "objectAttributes",
    offset: 6,
    ok: has(bits, objectAttributes[name]) === wanted,
    message: `${name} must be ${wanted ? "set" : "clear"} in ${hex(bits, 8)}`,
  });
  return [
    {
      field: "type",
      offset: 2,
      ok: type === algorithms.rsa || (options.allowEcc === true && type === algorithms.ecc),
      message: `${hex(type)}, expected ${hex(algorithms.rsa)} (RSA)`,
    },
    {
      field: "nameAlg",
      offset: 4,
      ok: nameAlg === algorithms.sha256,
      message: `${hex(nameAlg)}, expected ${hex(algorithms.sha256)} (SHA-256)`,
    },
    flag("restricted", true),
    flag("decrypt", true),
    flag("sign", false),
  ];
}

function symmetricCheck(area: TpmtPublic, offset: number): Check {
  const field = "parameters.symmetric";
  const bad = { field, offset, ok: false, message: "expected AES-128-CFB (0006 0080 0043)" };
  if (area.type !== algorithms.rsa && area.type !== algorithms.ecc) return bad;
  const { symmetric } = area.parameters;
  if (symmetric.algorithm !== algorithms.aes) return bad;
  const ok = symmetric.keyBits === 128 && symmetric.mode === algorithms.cfb;
  return { ...bad, ok, message: `AES-${symmetric.keyBits} in mode ${hex(symmetric.mode)}, expected AES-128-CFB` };
}

function keyChecks(area: TpmtPublic, offset: number, length: number): readonly Check[] {
  const symmetric = symmetricCheck(area, offset);
  if (area.type === algorithms.ecc) {
    const { curveId, scheme } = area.parameters;
    const at = offset + TpmtSymDefObject.encode(area.parameters.symmetric).length + TpmtEccScheme.encode(scheme).length;
    const ok = curveId === curves.nistP256;
    const message = `${hex(curveId)}, expected ${hex(curves.nistP256)} (NIST P-256)`;
    return [symmetric, { field: "parameters.curveId", offset: at, ok, message }];
  }
  if (area.type !== algorithms.rsa) return [symmetric];
  const { keyBits, scheme, exponent } = area.parameters;
  const at = offset + TpmtSymDefObject.encode(area.parameters.symmetric).length + TpmtRsaScheme.encode(scheme).length;
  const modulus = area.unique;
  return [
    symmetric,
    { field: "parameters.keyBits", offset: at, ok: keyBits === 2048, message: `${keyBits} bits, expected 2048` },
    {
      field: "parameters.exponent",
      offset: at + 2,
      ok: exponent === 0 || exponent === 65537,
      message: `${exponent}, expected 0 (which stands for 65537) or 65537`,
    },
    {
      field: "unique",
      offset: length - modulus.length,
      ok: modulus.length === 256 && (modulus[0] ?? 0) >= 0x80 && (modulus[255] ?? 0) % 2 === 1,
      message: `the modulus (${modulus.length} bytes) is not an odd number of 2048 bits`,
    },
  ];
}

function malformed(offset: number, message: string): ParsedPublic {
  return { kind: "malformed", problems: [{ field: "TPM2B_PUBLIC", offset, message }] };
}

function read(bytes: Buffer): TpmtPublic | ParsedPublic {
  const reader = new Reader(bytes);
  try {
    const area = Tpm2bPublic.read(reader);
    if (reader.remaining === 0) return area;
    return malformed(reader.offset, `${reader.remaining} bytes after the end`);
  } catch (error) {
    if (!(error instanceof TpmError)) throw error;
    return malformed(reader.offset, `not a public area: ${error.message}`);
  }
}

function keyObjectOf(area: TpmtPublic): KeyObject | undefined {
  try {
    return publicKeyOf(area);
  } catch {
    return undefined; // a point off the curve, or a modulus that OpenSSL refuses
  }
}

/**
 * Reads the public area of an endorsement or storage root key and lists its problems. It must be a well-formed TPM2B,
 * RSA-2048, SHA-256, restricted, decrypt, AES-128-CFB.
 * @param tpm2bPublic the decoded bytes of `endorsementKey` or `storageRootKey`; any bytes are allowed, nothing is
 * thrown
 */
export function parseTpm2bPublic(tpm2bPublic: Uint8Array, options: ParsePublicOptions = {}): ParsedPublic {
  const bytes = Buffer.from(tpm2bPublic);
  if (bytes.length < 2) return malformed(0, `${bytes.length} bytes, too short for a TPM2B`);
  const [said, present] = [bytes.readUInt16BE(0), bytes.length - 2];
  if (said !== present) return malformed(0, `the length prefix says ${said} bytes, ${present} follow`);
  const area = read(bytes);
  if ("problems" in area) return area;
  const parametersAt = 12 + area.authPolicy.length;
  const checks = [...headChecks(area, options), ...keyChecks(area, parametersAt, bytes.length)];
  const problems = checks.filter(({ ok }) => !ok).map(({ field, offset, message }) => ({ field, offset, message }));
  if (problems.length > 0) return { kind: "unsuitable", publicArea: area, problems };
  const keyObject = keyObjectOf(area);
  if (keyObject !== undefined) {
    return { kind: "usable", publicArea: area, name: publicAreaName(area), keyObject, problems: [] };
  }
  const problem = { field: "unique", offset: bytes.length, message: "the numbers are not a public key" };
  return { kind: "unsuitable", publicArea: area, problems: [problem] };
}
