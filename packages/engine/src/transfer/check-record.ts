import { type Certificate, CertificateError, readCertificate } from "@rollcall/pki";
import { decodeBase64, type JsonObject, limits, propertyProblem, type Twin } from "@rollcall/protocol";
import { parseTpm2bPublic } from "tpm-js-sim/credential";
import { endorsementKeyHash } from "../attestation/tpm/tpm.js";
import type { AttestationRecord, EnrolledCertificate } from "../records/attestation-record.js";
import type { CaCertificateRecord, EnrollmentRecord } from "../records/ports.js";

/** What is wrong with a member of a record. */
export interface RecordProblem {
  readonly path: string;
  readonly message: string;
}

/**
 * What no schema sees: that what can be derived was derived from what is there. Devices are found by it, so that a wrong
 * thumbprint would let in another device than the one that the certificate says.
 */
export function enrollmentProblem(record: EnrollmentRecord): RecordProblem | undefined {
  const { tags, desired } = record.initialTwin;
  return (
    kindProblem(record) ??
    attestationProblem(record.attestation) ??
    propertiesProblem("initialTwin.tags", tags, limits.twinTagsBytes) ??
    propertiesProblem("initialTwin.desired", desired, limits.twinDesiredBytes)
  );
}

function kindProblem({ kind, attestation }: EnrollmentRecord): RecordProblem | undefined {
  const holds = attestation.type === "x509" ? attestation.holds : attestation.type;
  const path = "attestation";
  if (kind === "individual" && holds === "signingCertificates") {
    return { path, message: "an individual enrollment takes no signing certificates" };
  }
  if (kind === "group" && holds === "clientCertificates")
    return { path, message: "a group takes no client certificates" };
  if (kind === "group" && holds === "tpm") return { path, message: "a group cannot use tpm" };
  return undefined;
}

function attestationProblem(attestation: AttestationRecord): RecordProblem | undefined {
  if (attestation.type === "symmetricKey") {
    const { primaryKey, secondaryKey } = attestation;
    return keyProblem("attestation.primaryKey", primaryKey) ?? keyProblem("attestation.secondaryKey", secondaryKey);
  }
  if (attestation.type === "tpm") return tpmProblem(attestation);
  const needsCa = attestation.holds !== "clientCertificates";
  const { primary, secondary } = attestation;
  if (!primary && !secondary) return { path: "attestation", message: "has no certificate" };
  if (attestation.holds === "caReferences") {
    const { primaryName, secondaryName } = attestation;
    // A certificate that no name goes with is compared with none that is verified.
    if (!primaryName !== !primary || !secondaryName !== !secondary)
      return { path: "attestation", message: "must have exactly the CA certificates that it names" };
  }
  return (
    (primary && certificateProblem("attestation.primary", primary, needsCa)) ??
    (secondary && certificateProblem("attestation.secondary", secondary, needsCa))
  );
}

function keyProblem(path: string, text: string): RecordProblem | undefined {
  const bytes = decodeBase64(text);
  const { min, max } = limits.symmetricKeyBytes;
  if (bytes && bytes.length >= min && bytes.length <= max) return undefined;
  return { path, message: `is not base64 of ${min} to ${max} bytes` };
}

function tpmProblem(attestation: Extract<AttestationRecord, { type: "tpm" }>): RecordProblem | undefined {
  const bytes = decodeBase64(attestation.endorsementKey);
  if (!bytes || parseTpm2bPublic(bytes, { allowEcc: true }).kind !== "usable") {
    return { path: "attestation.endorsementKey", message: "is not an endorsement key (TPM2B_PUBLIC)" };
  }
  if (endorsementKeyHash(bytes) === attestation.endorsementKeyHash) return undefined;
  return { path: "attestation.endorsementKeyHash", message: "is not the SHA-256 of the endorsement key" };
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

/** As `enrollmentProblem`, of a twin: what a hub would not have let in. */
export function twinProblem({ tags, desired, reported }: Twin): RecordProblem | undefined {
  return (
    propertiesProblem("tags", tags, limits.twinTagsBytes) ??
    propertiesProblem("desired", desired, limits.twinDesiredBytes) ??
    propertiesProblem("reported", reported, limits.twinReportedBytes)
  );
}

function propertiesProblem(path: string, properties: JsonObject, limit: number): RecordProblem | undefined {
  const bytes = Buffer.byteLength(JSON.stringify(properties));
  if (bytes > limit) return { path, message: `has ${bytes} bytes; ${limit} are allowed` };
  const message = propertyProblem(properties);
  return message === undefined ? undefined : { path, message };
}

/** As `enrollmentProblem`, of a CA certificate. */
export function caCertificateProblem(record: CaCertificateRecord): RecordProblem | undefined {
  const read = readDer("der", record.der, true);
  if ("problem" in read) return read.problem;
  if (read.certificate.sha256 === record.thumbprint) return undefined;
  return { path: "thumbprint", message: "is not the SHA-256 of the certificate" };
}

function readDer(
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
