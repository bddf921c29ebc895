import { certificatesOf, type EnrolledCertificate } from "../../records/attestation-record.js";
import type { EnrollmentRecord } from "../../records/records.js";

/** The CA certificates of an enrollment: inline, or as they were when it was saved, verified, referring to them. */
export function held({ attestation }: EnrollmentRecord): readonly EnrolledCertificate[] {
  if (attestation.type !== "x509" || attestation.holds === "clientCertificates") return [];
  return certificatesOf(attestation);
}
