import { type DerElement, DerReader, tags } from "./der.js";
import { curves, keyAlgorithms } from "./oids.js";

/** Facts from a SubjectPublicKeyInfo, read without importing the key (which costs 100 us). */
export interface PublicKeyInfo {
  /** Such as `EC P-256`, `RSA 2048`. */
  readonly description: string;
  /** Size of the field or the modulus; 0 when the algorithm is not known. */
  readonly bits: number;
  /** An elliptic curve given by its numbers instead of its name: a way to forge signatures (CVE-2020-0601). */
  readonly explicitCurve: boolean;
}

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
    return { description: name ?? oid, bits: name ? 256 : 0, explicitCurve: false };
  }
  const wanted = name === "RSA" ? tags.null : tags.sequence;
  if (parameters && parameters.tag !== wanted) throw sequence.error("has an RSA key with strange parameters");
  const bits = modulusBits(key);
  return { description: `${name} ${bits}`, bits, explicitCurve: false };
}

function readCurve(sequence: DerReader, parameters: DerElement | undefined): PublicKeyInfo {
  if (parameters?.tag === tags.sequence) return { description: "EC explicit curve", bits: 0, explicitCurve: true };
  if (parameters?.tag !== tags.oid) throw sequence.error("has an elliptic curve key without its curve");
  const oid = new DerReader(sequence.bytes, sequence.what, parameters.start, parameters.end).oid();
  const curve = curves[oid];
  return { description: `EC ${curve?.name ?? oid}`, bits: curve?.bits ?? 0, explicitCurve: false };
}

/** RSAPublicKey ::= SEQUENCE { modulus, exponent } (RFC 8017 appendix A.1.1). */
function modulusBits(key: Buffer): number {
  const rsa = new DerReader(key, "RSA public key").enter(tags.sequence);
  const modulus = rsa.integer();
  rsa.integer();
  rsa.finish();
  const first = modulus.findIndex((byte) => byte !== 0);
  if (first < 0) throw rsa.error("has a modulus of zero");
  return (modulus.length - first) * 8 - Math.clz32(modulus[first] ?? 0) + 24;
}
