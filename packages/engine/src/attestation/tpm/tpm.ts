import type { Attestation, EnrolledBy } from "../judging/attestation.js";
import type { AttestationContext, AttestationRequest, Verdict } from "../judging/verdict.js";
import { checkAnswer } from "./check-answer.js";
import { checkKeys } from "./check-keys.js";
import { readTpm, tpmProblem } from "./endorsement-key.js";
import { finish } from "./finish.js";

/**
 * TPM attestation (wire.md#tpm-challenge): a first request without a token gets a challenge, a second with a token
 * answers it.
 */
export const tpm: Attestation<"tpm"> = {
  judges: ["tpm", "symmetricKey", "nothing"],
  individual,
  read: readTpm,
  wire: ({ endorsementKey, storageRootKey }) => ({
    type: "tpm",
    tpm: { endorsementKey, ...(storageRootKey !== undefined && { storageRootKey }) },
  }),
  checkRecord: tpmProblem,
  lookUps: ({ endorsementKeyHash }) => [{ by: "endorsementKey", value: endorsementKeyHash }],
  finish,
};

async function individual(
  request: AttestationRequest,
  enrollment: EnrolledBy<"tpm">,
  context: AttestationContext,
): Promise<Verdict> {
  const base = { enrollment, attestation: "tpm" as const };
  const enrolled = Buffer.from(enrollment.attestation.endorsementKey, "base64");
  const keys = await checkKeys(request, enrollment, enrolled, context);
  if (request.credentials.kind === "sas") {
    const answer = await checkAnswer(request, enrolled, keys.storageRootKey, context);
    return {
      ...base,
      findings: [...keys.findings, ...answer.findings],
      ...(answer.proof && { proof: answer.proof }),
    };
  }
  if (!keys.storageRootKey) return { ...base, findings: keys.findings };
  const proof = { kind: "challenge" as const, endorsementKey: enrolled, storageRootKey: keys.storageRootKey };
  return { ...base, findings: keys.findings, proof };
}
