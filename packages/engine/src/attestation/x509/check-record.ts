import { type Certificate, CertificateError, readCertificate } from "@rollcall/pki";
import { decodeBase64, type EnrollmentKind, limits } from "@rollcall/protocol";
import { z } from "zod";
import type { AttestationRecord, EnrolledCertificate } from "../../records/attestation-record.js";
import type { RecordProblem } from "../judging/attestation.js";

/** Never empty, and short enough for any database index. */
const name = z.string().min(1).max(limits.idLength);
const certificate = z.looseObject({
  der: z.string().optional(),
  thumbprint: z.string().regex(/^([0-9A-F]{40}|[0-9A-F]{64})$/, "is not a thumbprint in upper-case hex"),
  subject: z.string().optional(),
});
const pair = { primary: certificate.optional(), secondary: certificate.optional() };

/** The schema of the record in an export. */
export const recordSchema = z.discriminatedUnion("holds", [
  z.looseObject({ type: z.literal("x509"), holds: z.literal("clientCertificates"), ...pair }),
  z.looseObject({ type: z.literal("x509"), holds: z.literal("signingCertificates"), ...pair }),
  z.looseObject({
    type: z.literal("x509"),
    holds: z.literal("caReferences"),
    primaryName: name.optional(),
    secondaryName: name.optional(),
    ...pair,
  }),
]);

/**
 * Checks what the schema cannot: derived members must match the members that they are derived from. Devices are found
 * by them, so that a wrong thumbprint would admit a device with a different certificate.
 */
export function checkRecord(attestation: AttestationRecord<"x509">, kind: EnrollmentKind): RecordProblem | undefined {
  const { holds, primary, secondary } = attestation;
  const path = "attestation";
  if (kind === "individual" && holds === "signingCertificates")
    return { path, message: "an individual enrollment takes no signing certificates" };
  if (kind === "group" && holds === "clientCertificates")
    return { path, message: "a group takes no client certificates" };
  const needsCa = holds !== "clientCertificates";
  if (!primary && !secondary) return { path, message: "has no certificate" };
  if (attestation.holds === "caReferences") {
    const { primaryName, secondaryName } = attestation;
    // A certificate without a name would not be compared with a verified CA certificate.
    if (!primaryName !== !primary || !secondaryName !== !secondary)
      return { path, message: "must have exactly the CA certificates that it names" };
  }
  return (
    (primary && certificateProblem("attestation.primary", primary, needsCa)) ??
    (secondary && certificateProblem("attestation.secondary", secondary, needsCa))
  );
}

function certificateProblem(
  path: string,
  { der, thumbprint, subject }: EnrolledCertificate,
  needsCa: boolean,
): RecordProblem | undefined {
  if (der === undefined) {
    return needsCa
      ? { path: `${path}.der`, message: "is missing: nothing can be verified with a thumbprint" }
      : undefined;
  }
  const read = readDer(`${path}.der`, der, needsCa);
  if ("problem" in read) return read.problem;
  const { certificate } = read;
  if (certificate.sha256 !== thumbprint) {
    return { path: `${path}.thumbprint`, message: "is not the SHA-256 of the certificate" };
  }
  if (certificate.subjectRaw.toString("hex") === subject) return undefined;
  return { path: `${path}.subject`, message: "is not the subject of the certificate" };
}

/**
 * Reads a certificate of a record (base64 of DER), which must be a CA's if `needsCa`; returns the problem if this
 * fails.
 */
export function readDer(
  path: string,
  text: string,
  needsCa: boolean,
): { readonly certificate: Certificate } | { readonly problem: RecordProblem } {
  const bytes = decodeBase64(text);
  if (!bytes) return { problem: { path, message: "is not base64" } };
  try {
    const certificate = readCertificate(bytes);
    if (!needsCa || certificate.isCa) return { certificate };
    return {
      problem: { path, message: "is not a CA certificate (basicConstraints), so it cannot sign device certificates" },
    };
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    return { problem: { path, message: error.message } };
  }
}
