import type { AttestationRecord, EnrolledCertificate } from "../../records/attestation-record.js";
import type { EnrollmentRecord } from "../../records/records.js";

/**
 * The certificates of an X.509 attestation, the primary certificate first; for groups that refer to CAs, those of the
 * CAs.
 */
export function certificatesOf(attestation: AttestationRecord<"x509">): readonly EnrolledCertificate[] {
  return [attestation.primary, attestation.secondary].filter((each) => each !== undefined);
}

/**
 * The CA certificates of an enrollment: inline, or the verified CA certificates to which it referred when it was saved.
 */
export function caCertificatesOf({ attestation }: EnrollmentRecord): readonly EnrolledCertificate[] {
  if (attestation.type !== "x509" || attestation.holds === "clientCertificates") return [];
  return certificatesOf(attestation);
}
