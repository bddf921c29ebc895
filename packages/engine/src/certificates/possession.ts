import { type Certificate, CertificateError, isIssuedBy, isProofOfPossession, isSelfSigned } from "@rollcall/pki";
import { readOneCertificate } from "../attestation/x509/certificate-text.js";

/** A CA certificate, what was uploaded to prove that its key is held, and the code that its common name has to be. */
interface Proof {
  readonly ca: Certificate;
  readonly text: string;
  readonly code: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/**
 * Everything that is wrong with a proof of possession (wire.md#proof-of-possession), in words that say what was
 * expected and what came.
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
  if (problems.length === 0 && !isProofOfPossession({ ca, verification, code })) return ["does not prove the key"];
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
  const got = commonName === undefined ? "it has none" : `it is ${commonName}`;
  return [`the common name has to be the verification code ${code}, letter for letter; ${got}`];
}

function signatureProblems(verification: Certificate, ca: Certificate): readonly string[] {
  const expected = `it has to be signed with the key of ${ca.subject}`;
  if (verification.der.equals(ca.der)) return [`${expected}, for the code; the CA certificate itself came`];
  if (isIssuedBy(verification, ca)) return [];
  if (isSelfSigned(verification)) return [`${expected}; it signed itself`];
  if (!verification.hasIssuerNamed(ca)) return [`${expected}; its issuer is ${verification.issuer || "(no name)"}`];
  const { signatureAlgorithm } = verification;
  return [
    `${expected}; its issuer has that name, but the signature (${signatureAlgorithm}) is of another key or proves nothing`,
  ];
}

function dateProblems({ notBefore, notAfter }: Certificate, now: number): readonly string[] {
  const clock = `the service's clock says ${new Date(now).toISOString()}`;
  if (now < notBefore.getTime()) return [`it is not valid before ${notBefore.toISOString()}; ${clock}`];
  if (now >= notAfter.getTime()) return [`it expired at ${notAfter.toISOString()}; ${clock}`];
  return [];
}
