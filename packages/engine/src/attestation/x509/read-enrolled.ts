import { CertificateError, readCertificate } from "@rollcall/pki";
import type { CertificateWithInfo } from "@rollcall/protocol";
import type { EnrolledCertificate } from "../../records/attestation-record.js";
import { EnrollmentError } from "../../records/enrollment-error.js";
import type { CaCertificateRecord } from "../../records/records.js";
import { readCaCertificate, readOneCertificate } from "./certificate-text.js";

type Holds = "clientCertificates" | "signingCertificates";

interface Place {
  readonly path: string;
  readonly holds: Holds;
  /** The enrollment's certificates: a certificate whose `info` is sent back unchanged stays. */
  readonly stored: readonly EnrolledCertificate[];
}

const hex = (text: string | null | undefined) => (text ?? "").replaceAll(":", "").toUpperCase();

/** The certificate of an enrollment: from its text, or by its thumbprint. Throws EnrollmentError. */
export function readEnrolled(source: CertificateWithInfo, { path, holds, stored }: Place): EnrolledCertificate {
  if (source.certificate != null) return readText(source.certificate, `${path}.certificate`, holds);
  const thumbprint = hex(source.info?.sha256Thumbprint);
  const kept = stored.find((each) => each.thumbprint === thumbprint);
  if (kept) return kept;
  if (holds === "signingCertificates")
    throw new EnrollmentError(path, "a group needs the certificate itself: nothing can be verified with a thumbprint");
  // 40 digits are SHA-1 in the wrong field: taken, so that the device's attempt can say so
  // (failure-causes.md#cause-22).
  if (!/^([0-9A-F]{40}|[0-9A-F]{64})$/.test(thumbprint))
    throw new EnrollmentError(`${path}.info.sha256Thumbprint`, "is not 64 hex digits");
  return { thumbprint };
}

function readText(text: string, path: string, holds: Holds): EnrolledCertificate {
  try {
    const certificate = holds === "signingCertificates" ? readCaCertificate(text) : readOneCertificate(text);
    return {
      der: certificate.der.toString("base64"),
      thumbprint: certificate.sha256,
      subject: certificate.subjectRaw.toString("hex"),
    };
  } catch (cause) {
    if (!(cause instanceof CertificateError)) throw cause;
    throw new EnrollmentError(path, cause.message, { cause });
  }
}

/**
 * The certificate to which a caReference refers. Throws EnrollmentError with the next step when it is unknown or
 * unverified.
 */
export function authorityOf(name: string, record: CaCertificateRecord | undefined, path: string): EnrolledCertificate {
  const shown = JSON.stringify(name.slice(0, 64));
  if (!record) {
    throw new EnrollmentError(
      path,
      `no CA certificate has the name ${shown}: upload it and verify it, then refer to it`,
    );
  }
  if (!record.isVerified) {
    throw new EnrollmentError(
      path,
      `the CA certificate ${shown} is not verified: prove possession of its key (generate a verification code, sign a certificate with that common name), then refer to it`,
    );
  }
  const certificate = readCertificate(Buffer.from(record.der, "base64"));
  return { der: record.der, thumbprint: record.thumbprint, subject: certificate.subjectRaw.toString("hex") };
}
