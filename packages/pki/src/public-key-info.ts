import { type DerElement, DerReader, tags } from "./der.js";
import { curves, keyAlgorithms } from "./oids.js";

/** Facts from a SubjectPublicKeyInfo, read without importing the key (which costs 100 us). */
export interface PublicKeyInfo {
  /** Such as `EC P-256`, `RSA 2048`. */
  readonly description: string;
  /** RSA, RSA-PSS, EC, Ed25519 or Ed448; absent when the algorithm is another. */
  readonly algorithm?: string;
  /** Size of the field or the modulus; 0 when the algorithm is not known. */
  readonly bits: number;
  /** An elliptic curve given by its numbers instead of its name: a way to forge signatures (CVE-2020-0601). */
  readonly explicitCurve: boolean;
  /** An RSA key beyond {@link largestRsa}: one check with it may cost a hundred times that of an ordinary key. */
  readonly tooLarge: boolean;
}

/** Bits of the largest RSA keys that are used. Ours: OpenSSL takes 16,384, and exponents as long as the modulus below 3,072. */
export const largestRsa = { modulus: 8192, exponent: 32 } as const;

/** Reads SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7). Throws CertificateError. */
export function readPublicKeyInfo(sequence: DerReader): PublicKeyInfo {
  const algorithm = sequence.enter(tags.sequence);
  const oid = algorithm.oid();
  const parameters = algorithm.done ? undefined : algorithm.next();
  algorithm.finish();
  const key = sequence.bitStringBytes();
  sequence.finish();
  const name = keyAlgorithms[oid];
  if (name === "EC") return readCurve(sequence, parameters);
  if (name !== "RSA" && name !== "RSA-PSS") {
    const known = name === undefined ? {} : { algorithm: name };
    return { ...known, description: name ?? oid, bits: name ? 256 : 0, explicitCurve: false, tooLarge: false };
  }
  const wanted = name === "RSA" ? tags.null : tags.sequence;
  if (parameters && parameters.tag !== wanted) throw sequence.error("has an RSA key with strange parameters");
  const { modulus, exponent } = rsaBits(key);
  const tooLarge = modulus > largestRsa.modulus || exponent > largestRsa.exponent;
  const long = exponent > largestRsa.exponent ? ` with an exponent of ${exponent} bits` : "";
  return { algorithm: name, description: `${name} ${modulus}${long}`, bits: modulus, explicitCurve: false, tooLarge };
}

function readCurve(sequence: DerReader, parameters: DerElement | undefined): PublicKeyInfo {
  const facts = { algorithm: "EC", tooLarge: false };
  if (parameters?.tag === tags.sequence)
    return { ...facts, description: "EC explicit curve", bits: 0, explicitCurve: true };
  if (parameters?.tag !== tags.oid) throw sequence.error("has an elliptic curve key without its curve");
  const oid = new DerReader(sequence.bytes, sequence.what, parameters.start, parameters.end).oid();
  const curve = curves[oid];
  return { ...facts, description: `EC ${curve?.name ?? oid}`, bits: curve?.bits ?? 0, explicitCurve: false };
}

/** RSAPublicKey ::= SEQUENCE { modulus, exponent } (RFC 8017 appendix A.1.1). */
function rsaBits(key: Buffer): { modulus: number; exponent: number } {
  const rsa = new DerReader(key, "RSA public key").enter(tags.sequence);
  const modulus = bitsOf(rsa.integer());
  const exponent = bitsOf(rsa.integer());
  rsa.finish();
  if (modulus === 0) throw rsa.error("has a modulus of zero");
  return { modulus, exponent };
}

function bitsOf(integer: Buffer): number {
  const first = integer.findIndex((byte) => byte !== 0);
  if (first < 0) return 0;
  return (integer.length - first) * 8 - Math.clz32(integer[first] ?? 0) + 24;
}
