import { createHash } from "node:crypto";
import { type AttestationMechanism, decodeBase64 } from "@rollcall/protocol";
import { parseTpm2bPublic } from "tpm-js-sim/credential";
import { z } from "zod";
import type { AttestationRecord } from "../../records/attestation-record.js";
import { EnrollmentError } from "../../records/enrollment-error.js";
import type { RecordProblem } from "../judging/attestation.js";

/** Hex SHA-256 of a TPM2B_PUBLIC, by which endorsement keys are looked up and shown. */
export function endorsementKeyHash(tpm2bPublic: Uint8Array): string {
  return createHash("sha256").update(tpm2bPublic).digest("hex");
}

/** The schema of the record in an export. */
export const recordSchema = z.looseObject({
  type: z.literal("tpm"),
  endorsementKey: z.string(),
  endorsementKeyHash: z.string(),
  storageRootKey: z.string().optional(),
});

/** Makes the stored form. Throws EnrollmentError with the path from the enrollment on. */
export function readTpm({ tpm: source }: AttestationMechanism<"tpm">): AttestationRecord<"tpm"> {
  const path = "attestation.tpm.endorsementKey";
  const bytes = decodeBase64(source.endorsementKey);
  if (!bytes) throw new EnrollmentError(path, "is not base64");
  const parsed = parseTpm2bPublic(bytes, { allowEcc: true });
  if (parsed.kind !== "usable") {
    const problems = parsed.problems
      .map((problem) => `${problem.field} at byte ${problem.offset}: ${problem.message}`)
      .join("; ");
    throw new EnrollmentError(path, `is not an endorsement key (TPM2B_PUBLIC): ${problems}`);
  }
  const { endorsementKey, storageRootKey } = source;
  return {
    type: "tpm",
    endorsementKey,
    endorsementKeyHash: endorsementKeyHash(bytes),
    ...(storageRootKey && { storageRootKey }),
  };
}

/** Checks that the endorsement key is valid, and that its hash belongs to it. */
export function tpmProblem(attestation: AttestationRecord<"tpm">): RecordProblem | undefined {
  const bytes = decodeBase64(attestation.endorsementKey);
  if (!bytes || parseTpm2bPublic(bytes, { allowEcc: true }).kind !== "usable") {
    return { path: "attestation.endorsementKey", message: "is not an endorsement key (TPM2B_PUBLIC)" };
  }
  if (endorsementKeyHash(bytes) === attestation.endorsementKeyHash) return undefined;
  return { path: "attestation.endorsementKeyHash", message: "is not the SHA-256 of the endorsement key" };
}
