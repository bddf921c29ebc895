import type { Certificate } from "./certificate.js";

/** The fields that the service API returns in place of a certificate (`X509CertificateInfo`). */
export interface CertificateInfo {
  readonly subjectName: string;
  readonly sha1Thumbprint: string;
  readonly sha256Thumbprint: string;
  readonly issuerName: string;
  readonly notBeforeUtc: string;
  readonly notAfterUtc: string;
  readonly serialNumber: string;
  readonly version: number;
}

/** The eight fields in their order on the wire (wire.md#certificate-info); times to the second, without fractions. */
export function certificateInfo(certificate: Certificate): CertificateInfo {
  return {
    subjectName: certificate.subject,
    sha1Thumbprint: certificate.sha1,
    sha256Thumbprint: certificate.sha256,
    issuerName: certificate.issuer,
    notBeforeUtc: utcText(certificate.notBefore),
    notAfterUtc: utcText(certificate.notAfter),
    serialNumber: certificate.serialNumber,
    version: certificate.version,
  };
}

function utcText(date: Date): string {
  return date.toISOString().replace(".000Z", "Z");
}
