import { type AttestationKind, type Finding, finding } from "@rollcall/protocol";
import { symmetricKey } from "./attestation/symmetric-key.js";
import { tpm } from "./attestation/tpm.js";
import { x509 } from "./attestation/x509.js";
import { nearbyFinding } from "./nearby-ids.js";
import type { EnrollmentRecord, IndividualRecord } from "./ports.js";
import { checkRequest } from "./request-checks.js";
import type { Attestation, AttestationContext, AttestationRequest, Verdict } from "./verdict.js";

const attestations: Readonly<Record<AttestationKind, Attestation>> = { symmetricKey, x509, tpm };

const names: Readonly<Record<AttestationKind, string>> = {
  symmetricKey: "a symmetric key",
  x509: "an X.509 certificate",
  tpm: "a TPM",
};

/**
 * Finds the enrollment of a device and judges its proof (sections 5 to 8.1): an individual enrollment of the id decides
 * alone, else a group is looked for. Runs every check and returns what each found; a proof is there only when none failed.
 */
export async function authenticate(request: AttestationRequest, context: AttestationContext): Promise<Verdict> {
  const before = checkRequest(request, context.idScope);
  // An illegal id cannot be looked up: nothing that follows would mean anything.
  if (before.some((each) => each.code === "id.illegal")) return { findings: before };
  const individual = await context.store.individualEnrollment(request.registrationId);
  const verdict = individual ? await byIndividual(request, individual, context) : await byGroup(request, context);
  const findings = [...before, ...verdict.findings, ...disabledFinding(verdict.enrollment)];
  if (!findings.some((each) => each.severity === "error")) return { ...verdict, findings };
  const { proof: _, ...refused } = verdict;
  return { ...refused, findings };
}

/** What the device came with. A device that shows nothing may be a TPM at its first request. */
function kindShown(request: AttestationRequest): AttestationKind | "nothing" {
  if (request.credentials.kind === "sas") return "symmetricKey";
  return request.connection.presented().length > 0 ? "x509" : "nothing";
}

async function byIndividual(
  request: AttestationRequest,
  enrollment: IndividualRecord,
  context: AttestationContext,
): Promise<Verdict> {
  const wanted = enrollment.attestation.type;
  const shown = kindShown(request);
  const fits = shown === wanted || (wanted === "tpm" && shown !== "x509") || (wanted === "x509" && shown === "nothing");
  if (fits) return attestations[wanted].individual(request, enrollment, context);
  if (shown === "nothing")
    return {
      enrollment,
      attestation: wanted,
      findings: [finding("credential.missing", { expected: names[wanted], got: "nothing" })],
    };
  const values = { id: enrollment.registrationId, expected: names[wanted], got: names[shown] };
  const mismatch = finding("enrollment.attestationMismatch", { values, expected: names[wanted], got: names[shown] });
  return { enrollment, attestation: shown, findings: [mismatch] };
}

async function byGroup(request: AttestationRequest, context: AttestationContext): Promise<Verdict> {
  const shown = kindShown(request);
  if (shown === "nothing") return { findings: await nobody(request, context) };
  const verdict = (await attestations[shown].group?.(request, context)) ?? { findings: [] };
  if (verdict.enrollment) return verdict;
  return { ...verdict, findings: [...verdict.findings, ...(await notFound(request, context))] };
}

async function nobody(request: AttestationRequest, context: AttestationContext): Promise<readonly Finding[]> {
  const values = { id: request.registrationId };
  const nearby = await nearbyFinding(request.registrationId, context.store);
  if (request.body?.tpm) return [finding("enrollment.notFoundForTpm", { values }), ...nearby];
  return [
    finding("credential.missing", { expected: "a certificate or a token", got: "neither" }),
    ...(await notFound(request, context)),
  ];
}

async function notFound(request: AttestationRequest, context: AttestationContext): Promise<readonly Finding[]> {
  const id = request.registrationId;
  return [finding("enrollment.notFound", { values: { id }, got: id }), ...(await nearbyFinding(id, context.store))];
}

function disabledFinding(enrollment: EnrollmentRecord | undefined): readonly Finding[] {
  if (enrollment?.provisioningStatus !== "disabled") return [];
  if (enrollment.kind === "individual")
    return [finding("enrollment.disabled", { values: { id: enrollment.registrationId } })];
  return [finding("group.disabled", { values: { id: enrollment.enrollmentGroupId } })];
}
