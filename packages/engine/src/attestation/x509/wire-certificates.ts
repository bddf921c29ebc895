import { certificateInfo, readCertificate } from "@rollcall/pki";
import type { EnrolledCertificate as CertificateAnswer, EnrolledX509 } from "@rollcall/protocol";
import type { AttestationRecord, EnrolledCertificate } from "../../records/attestation-record.js";

/**
 * A certificate in the form of an answer: `info` without `certificate` (wire.md#certificate-info). A certificate that
 * was enrolled by thumbprint has no further facts, but all eight fields, since Java throws when a field is missing or
 * empty.
 */
function wireCertificate({ der, thumbprint }: EnrolledCertificate): CertificateAnswer {
  const info: CertificateAnswer["info"] = der
    ? certificateInfo(readCertificate(Buffer.from(der, "base64")))
    : {
        subjectName: "CN=unknown",
        sha1Thumbprint: thumbprint.length === 40 ? thumbprint : "unknown",
        sha256Thumbprint: thumbprint,
        issuerName: "CN=unknown",
        notBeforeUtc: "0001-01-01T00:00:00Z",
        notAfterUtc: "9999-12-31T23:59:59Z",
        serialNumber: "00",
        version: 3,
      };
  return { info };
}

/** The x509 member of an attestation in the form of an answer. */
export function wireX509(attestation: AttestationRecord<"x509">): EnrolledX509 {
  if (attestation.holds === "caReferences") {
    const { primaryName, secondaryName } = attestation;
    return {
      caReferences: {
        ...(primaryName !== undefined && { primary: primaryName }),
        ...(secondaryName !== undefined && { secondary: secondaryName }),
      },
    };
  }
  const { holds, primary, secondary } = attestation;
  return {
    [holds]: {
      ...(primary && { primary: wireCertificate(primary) }),
      ...(secondary && { secondary: wireCertificate(secondary) }),
    },
  };
}
