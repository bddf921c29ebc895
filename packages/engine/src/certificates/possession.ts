import { type Certificate, CertificateError, isIssuedBy, isProofOfPossession, isSelfSigned } from "@rollcall/pki";
import { readOneCertificate } from "../attestation/x509/certificate-text.js";

/**
 * A CA certificate, the upload that shall prove possession of its key, and the code that the upload's common name has
 * to be.
 */
interface Proof {
  readonly ca: Certificate;
  readonly text: string;
  readonly code: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/**
 * Everything that is wrong with a proof of possession (wire.md#proof-of-possession), in words that name the expected
 * and the actual value.
 */
export function possessionProblems({ ca, text, code, now }: Proof): readonly string[] {
  const read = readVerification(text);
  if ("problem" in read) return [read.problem];
  const { verification } = read;
  const problems = [
    ...nameProblems(verification, code),
    ...signatureProblems(verification, ca),
    ...dateProblems(verification, now),
  ];
  if (problems.length === 0 && !isProofOfPossession({ ca, verification, code }))
    return ["does not prove possession of the key"];
  return problems;
}

function readVerification(text: string): { readonly verification: Certificate } | { readonly problem: string } {
  try {
    return { verification: readOneCertificate(text) };
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    return { problem: error.message };
  }
}

function nameProblems({ commonName }: Certificate, code: string): readonly string[] {
  if (commonName === code) return [];
  const got = commonName === undefined ? "it has no common name" : `it is ${commonName}`;
  return [`the common name has to be exactly the verification code ${code}; ${got}`];
}

function signatureProblems(verification: Certificate, ca: Certificate): readonly string[] {
  const expected = `it has to be signed with the key of ${ca.subject}`;
  if (verification.der.equals(ca.der)) return [`${expected}; it is the CA certificate itself`];
  if (isIssuedBy(verification, ca)) return [];
  if (isSelfSigned(verification)) return [`${expected}; it is self-signed`];
  if (!verification.hasIssuerNamed(ca)) return [`${expected}; its issuer is ${verification.issuer || "(no name)"}`];
  const { signatureAlgorithm } = verification;
  return [
    `${expected}; its issuer has that name, but the signature (${signatureAlgorithm}) is not by this key, or its algorithm is too weak`,
  ];
}

function dateProblems({ notBefore, notAfter }: Certificate, now: number): readonly string[] {
  const clock = `the service's clock says ${new Date(now).toISOString()}`;
  if (now < notBefore.getTime()) return [`it is not valid before ${notBefore.toISOString()}; ${clock}`];
  if (now >= notAfter.getTime()) return [`it expired at ${notAfter.toISOString()}; ${clock}`];
  return [];
}
