import type { AttestationRecord, EnrolledCertificate } from "../../records/attestation-record.js";
import type { EnrollmentRecord } from "../../records/records.js";

/** The certificates that an X.509 attestation holds, the primary one first; of groups that refer to CAs, those of the CAs. */
export function certificatesOf(attestation: AttestationRecord<"x509">): readonly EnrolledCertificate[] {
  return [attestation.primary, attestation.secondary].filter((each) => each !== undefined);
}

/** The CA certificates of an enrollment: inline, or as they were when it was saved, verified, referring to them. */
export function held({ attestation }: EnrollmentRecord): readonly EnrolledCertificate[] {
  if (attestation.type !== "x509" || attestation.holds === "clientCertificates") return [];
  return certificatesOf(attestation);
}
