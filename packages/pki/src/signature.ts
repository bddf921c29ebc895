import { constants, type KeyObject, type VerifyKeyObjectInput, verify } from "node:crypto";
import type { Certificate, SignatureAlgorithm } from "./certificate.js";
import { CertificateError } from "./certificate-error.js";
import { DerReader, tags } from "./der.js";
import { hashNames, type SignatureRow, signatureAlgorithms } from "./oids.js";
import type { PublicKeyInfo } from "./public-key-info.js";
import type { Work } from "./work.js";

interface Method extends SignatureRow {
  readonly saltLength?: number;
}

/**
 * How a certificate is signed, or undefined when this package does not know the algorithm or its parameters.
 * The hash of RSA-PSS is in its parameters.
 */
export function signatureMethod(algorithm: SignatureAlgorithm): Method | undefined {
  const row = signatureAlgorithms[algorithm.oid];
  return row?.key === "rsa-pss" ? pssMethod(row, algorithm.parameters) : row;
}

/** The outcome of a check that may be too dear to be made. */
export type Checked = boolean | { readonly notChecked: string };

/**
 * Whether the signature of `child` verifies with the key of `parent`; names are not compared. Computed once per pair.
 * Asks `work` before the key is used; `proved` says whether the key is known to be under the trusted certificate. A key that no check may use costs nothing: its signatures do not verify.
 */
export function checkSignature(
  child: Certificate,
  parent: Certificate,
  { work, proved }: { readonly work: Work; readonly proved: boolean },
): Checked {
  const known = child.knownSigner(parent);
  if (known !== undefined) return known;
  const method = signatureMethod(child.algorithm);
  if (!method || !mayBeUsed(parent.keyInfo, method)) return child.rememberSigner(parent, false);
  const notChecked = work.signature({ signer: parent, proved });
  if (notChecked !== undefined) return { notChecked };
  return child.rememberSigner(parent, verifySignature(child, parent, method));
}

/** A key that cannot have made the signature is not even imported: that alone may cost more than a check. */
function mayBeUsed({ algorithm, tooLarge, explicitCurve }: PublicKeyInfo, method: Method): boolean {
  if (algorithm === undefined || tooLarge || explicitCurve) return false;
  const type = algorithm.toLowerCase();
  return type === method.key || (method.key === "rsa-pss" && type === "rsa");
}

function verifySignature(child: Certificate, parent: Certificate, method: Method): boolean {
  try {
    const key = parent.publicKey;
    return verify(method.hash ?? null, child.tbs, verifyInput(key, method), child.signature);
  } catch {
    // An unusable key, or parameters that OpenSSL refuses: either way nothing was proved.
    return false;
  }
}

function verifyInput(key: KeyObject, method: Method): KeyObject | VerifyKeyObjectInput {
  if (method.key !== "rsa-pss") return key;
  return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: method.saltLength ?? 20 };
}

/** RSASSA-PSS-params (RFC 4055 section 3.1); the default of every field is the SHA-1 one. */
function pssMethod(row: SignatureRow, parameters: Buffer | undefined): Method | undefined {
  if (!parameters) return undefined;
  try {
    const sequence = new DerReader(parameters, "RSA-PSS parameters").enter(tags.sequence);
    const hash = sequence.peek() === 0xa0 ? hashNames[sequence.enter(0xa0).enter(tags.sequence).oid()] : "sha1";
    const mask = sequence.peek() === 0xa1 ? maskHash(sequence.enter(0xa1)) : "sha1";
    const saltLength = sequence.peek() === 0xa2 ? sequence.enter(0xa2).smallInteger() : 20;
    // Node takes one hash for both uses; certificates with two different hashes are not in use.
    if (!hash || hash !== mask) return undefined;
    return { ...row, hash, saltLength, name: `RSA-PSS ${hash}`, ...(hash === "sha1" && { weak: true }) };
  } catch (error) {
    if (error instanceof CertificateError) return undefined;
    throw error;
  }
}

function maskHash(reader: DerReader): string | undefined {
  const mgf1 = reader.enter(tags.sequence);
  mgf1.oid();
  return hashNames[mgf1.enter(tags.sequence).oid()];
}
