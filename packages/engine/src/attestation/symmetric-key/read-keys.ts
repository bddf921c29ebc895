import { type AttestationMechanism, decodeBase64, limits } from "@rollcall/protocol";
import { z } from "zod";
import type { AttestationRecord } from "../../records/attestation-record.js";
import { EnrollmentError } from "../../records/enrollment-error.js";
import type { AttestationReading, RecordProblem } from "../judging/attestation.js";

/** The schema of the record in an export. */
export const recordSchema = z.looseObject({
  type: z.literal("symmetricKey"),
  primaryKey: z.string(),
  secondaryKey: z.string(),
});

/**
 * Makes the stored form, and generates keys that are left out. Throws EnrollmentError with the path from the enrollment
 * on.
 */
export function readKeys(
  { symmetricKey: source }: AttestationMechanism<"symmetricKey">,
  { random, loneKey, existing }: AttestationReading<"symmetricKey">,
): AttestationRecord<"symmetricKey"> {
  const primaryKey = source?.primaryKey || existing?.primaryKey;
  const secondaryKey = source?.secondaryKey || existing?.secondaryKey;
  if (primaryKey && secondaryKey) return { type: "symmetricKey", primaryKey, secondaryKey };
  if ((primaryKey || secondaryKey) && loneKey !== "generate") {
    const missing = primaryKey ? "secondaryKey" : "primaryKey";
    throw new EnrollmentError(`attestation.symmetricKey.${missing}`, "is missing: give both keys, or leave both out");
  }
  const fresh = () => random(limits.symmetricKeyBytes.max).toString("base64");
  return { type: "symmetricKey", primaryKey: primaryKey || fresh(), secondaryKey: secondaryKey || fresh() };
}

/** Checks a key of a record; returns the problem, or undefined. */
export function keyProblem(path: string, text: string): RecordProblem | undefined {
  const bytes = decodeBase64(text);
  const { min, max } = limits.symmetricKeyBytes;
  if (bytes && bytes.length >= min && bytes.length <= max) return undefined;
  return { path, message: `is not base64 of ${min} to ${max} bytes` };
}
