import { type Certificate, CertificateError, parseCertificates, readCertificate } from "@rollcall/pki";

/** A thumbprint, which people paste instead of a certificate: SHA-1 or SHA-256, with or without colons. */
const THUMBPRINT = /^([0-9a-f]{2}:?){20}$|^([0-9a-f]{2}:?){32}$/i;

/**
 * Reads a text that has to be a single certificate: PEM, base64 of DER or base64 of PEM. Throws CertificateError whose
 * message continues the name of the member.
 */
export function readOneCertificate(text: string): Certificate {
  if (THUMBPRINT.test(text.trim())) {
    throw new CertificateError("is a thumbprint; give the certificate itself (PEM or base64 DER)");
  }
  const ders = parseCertificates(text);
  const [der] = ders;
  if (!der || ders.length > 1) throw new CertificateError(`has ${ders.length} certificates; exactly one is allowed`);
  return readCertificate(der);
}

/** Like `readOneCertificate`, for a certificate that may sign other certificates. */
export function readCaCertificate(text: string): Certificate {
  const certificate = readOneCertificate(text);
  if (certificate.isCa) return certificate;
  const subject = certificate.subject || "(no subject)";
  throw new CertificateError(
    `${subject} is not a CA certificate (basicConstraints), so it cannot sign device certificates`,
  );
}
