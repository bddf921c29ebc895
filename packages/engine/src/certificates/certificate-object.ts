import { type Certificate, CertificateError, certificateInfo, isSelfSigned, readCertificate } from "@rollcall/pki";
import { type CaCertificate, type CertificateFacts, DpsError } from "@rollcall/protocol";
import { readCaCertificate } from "../attestation/x509/certificate-text.js";
import { badMember } from "../operator/bad-request.js";
import type { CaCertificateRecord } from "../records/records.js";

/** Like `badMember`, but ends the message with a full stop. */
export function memberError(path: string, message: string, cause?: unknown): DpsError {
  return badMember(path, `${message}.`, cause);
}

/** Checks the body of an upload. Throws DpsError. */
export function certificateBody(body: unknown): { certificate: string; isVerified?: boolean } {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new DpsError("badRequest", 'The body is not a JSON object such as {"certificate": "…"}.');
  }
  const { certificate, isVerified } = { ...inner(body), ...body } as { certificate?: unknown; isVerified?: unknown };
  if (typeof certificate !== "string") {
    throw memberError("certificate", "is missing: the certificate, as PEM text or base64 of DER");
  }
  if (isVerified === undefined || isVerified === null) return { certificate };
  if (typeof isVerified !== "boolean") throw memberError("isVerified", "must be true or false");
  return { certificate, isVerified };
}

/** The cloud's management plane puts the members into `properties`; both forms are accepted. */
function inner(body: object): object {
  const properties = "properties" in body ? body.properties : undefined;
  return typeof properties === "object" && properties !== null ? properties : {};
}

/** Reads the CA certificate of an upload. Throws DpsError. */
export function readAuthority(text: string): Certificate {
  try {
    return readCaCertificate(text);
  } catch (cause) {
    if (!(cause instanceof CertificateError)) throw cause;
    throw memberError("certificate", cause.message, cause);
  }
}

/** The certificate of a record; it was checked before it was stored. */
export function recordCertificate(record: CaCertificateRecord): Certificate {
  return readCertificate(Buffer.from(record.der, "base64"));
}

/** The facts about a certificate that are shown besides those that the service API calls its info. */
export function certificateFacts(certificate: Certificate): CertificateFacts {
  return {
    ...certificateInfo(certificate),
    isCa: certificate.isCa,
    isSelfSigned: isSelfSigned(certificate),
    keyAlgorithm: certificate.keyDescription,
    signatureAlgorithm: certificate.signatureAlgorithm,
  };
}

/**
 * A CA certificate as the cloud's management plane shows it (`provisioningServices/certificates`): dates in the format
 * of RFC 1123, the thumbprint in SHA-1; and further facts about it in `info`.
 */
export function certificateObject(record: CaCertificateRecord): CaCertificate {
  const certificate = recordCertificate(record);
  const { verificationCode } = record;
  return {
    name: record.name,
    etag: record.etag,
    properties: {
      subject: certificate.subject,
      expiry: certificate.notAfter.toUTCString(),
      thumbprint: certificate.sha1,
      isVerified: record.isVerified,
      created: new Date(record.createdAt).toUTCString(),
      updated: new Date(record.updatedAt).toUTCString(),
      certificate: record.der,
      ...(verificationCode !== undefined && { verificationCode }),
      info: certificateFacts(certificate),
    },
  };
}
