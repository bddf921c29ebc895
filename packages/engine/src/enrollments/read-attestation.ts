import { type AttestationMechanism, type EnrollmentKind, groupRefusal } from "@rollcall/protocol";
import { attestations } from "../attestation/attestations.js";
import type { AttestationReading } from "../attestation/judging/attestation.js";
import type { AttestationRecord } from "../records/attestation-record.js";
import { EnrollmentError } from "../records/enrollment-error.js";

/**
 * Makes the stored form of an enrollment's attestation. Throws EnrollmentError with the path from the enrollment on.
 */
export function readAttestation(
  source: AttestationMechanism,
  kind: EnrollmentKind,
  reading: AttestationReading,
): AttestationRecord {
  const { existing } = reading;
  const { type } = source;
  const refusal = kind === "group" ? groupRefusal(type) : undefined;
  if (refusal !== undefined) throw new EnrollmentError("attestation.type", refusal);
  const attestation = attestations[type];
  attestation.refuse?.(source, kind);
  if (existing && existing.type !== type) {
    throw new EnrollmentError(
      "attestation.type",
      `cannot be changed from ${existing.type} to ${type}; delete the enrollment and create it again`,
    );
  }
  return attestation.read(source, reading);
}
