import { isGroupKind, type JsonObject, limits, propertyProblem, type Twin } from "@rollcall/protocol";
import { attestations } from "../attestation/attestations.js";
import type { RecordProblem } from "../attestation/judging/attestation.js";
import { readDer } from "../attestation/x509/check-record.js";
import type { CaCertificateRecord, EnrollmentRecord } from "../records/records.js";

/** Checks what the schema of an enrollment cannot. */
export function enrollmentProblem(record: EnrollmentRecord): RecordProblem | undefined {
  const { tags, desired } = record.initialTwin;
  return (
    attestationProblem(record) ??
    propertiesProblem("initialTwin.tags", tags, limits.twinTagsBytes) ??
    propertiesProblem("initialTwin.desired", desired, limits.twinDesiredBytes)
  );
}

function attestationProblem({ kind, attestation }: EnrollmentRecord): RecordProblem | undefined {
  const { type } = attestation;
  if (kind === "group" && !isGroupKind(type)) return { path: "attestation", message: `a group cannot use ${type}` };
  return attestations[type].checkRecord(attestation, kind);
}

/** Checks what the schema of a twin cannot: the limits that a hub would apply. */
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

/** Checks what the schema of a CA certificate cannot. */
export function caCertificateProblem(record: CaCertificateRecord): RecordProblem | undefined {
  const read = readDer("der", record.der, true);
  if ("problem" in read) return read.problem;
  if (read.certificate.sha256 === record.thumbprint) return undefined;
  return { path: "thumbprint", message: "is not the SHA-256 of the certificate" };
}
