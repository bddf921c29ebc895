import { z } from "zod";
import { type Answered, date, flag, text, whole } from "../facts/contract-shared.js";

/** The eight members of a certificate in the service API (wire.md#certificate-info). */
const infoMembers = {
  subjectName: text,
  sha1Thumbprint: text,
  sha256Thumbprint: text,
  issuerName: text,
  notBeforeUtc: date,
  notAfterUtc: date,
  serialNumber: text,
  version: whole,
} as const;
export const certificateInfo = z.strictObject(infoMembers).meta({ id: "CertificateInfo" });

/** A certificate's facts that Rollcall shows in addition. */
export const certificateFacts = z
  .strictObject({ ...infoMembers, isCa: flag, isSelfSigned: flag, keyAlgorithm: text, signatureAlgorithm: text })
  .meta({ id: "CertificateFacts" });
export type CertificateFacts = Answered<typeof certificateFacts>;

/** Facts read from a certificate that a client sent for inspection. */
export const certificateReading = certificateFacts
  .extend({
    commonName: text.exactOptional(),
    subjectKeyId: text.exactOptional(),
    authorityKeyId: text.exactOptional(),
  })
  .meta({ id: "CertificateReading" });
export type CertificateReading = Answered<typeof certificateReading>;

/** A CA certificate as the cloud's management plane shows it; dates in the format of RFC 1123. */
export const caCertificate = z
  .strictObject({
    name: text,
    etag: text,
    properties: z.strictObject({
      subject: text,
      expiry: text,
      thumbprint: text.meta({ description: "SHA-1, hex" }),
      isVerified: flag,
      created: text,
      updated: text,
      certificate: text.meta({ description: "base64 of DER" }),
      verificationCode: text.exactOptional(),
      info: certificateFacts,
    }),
  })
  .meta({ id: "CaCertificate" });
export type CaCertificate = Answered<typeof caCertificate>;

/** Facts read from an endorsement key; nothing is stored. */
export const endorsementKeyFacts = z
  .strictObject({
    registrationId: text,
    sha256: text,
    keyAlgorithm: text,
    keySize: whole,
    attributes: text,
    notes: z.array(text),
  })
  .meta({ id: "EndorsementKeyFacts" });
export type EndorsementKeyFacts = Answered<typeof endorsementKeyFacts>;

/** Request bodies of these routes, for the OpenAPI document. */
export const certificateUpload = z.object({
  certificate: text.meta({ description: "PEM, or base64 of DER" }),
  isVerified: flag.exactOptional().meta({ description: "Only when created: verified without a proof of possession" }),
});
export const endorsementKeyUpload = z.object({
  endorsementKey: text.meta({ description: "base64 of a TPM2B_PUBLIC" }),
});
