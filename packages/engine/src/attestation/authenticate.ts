import { attestationKinds, type Finding, finding } from "@rollcall/protocol";
import type { EnrollmentRecord, IndividualRecord } from "../records/records.js";
import { attestations } from "./attestations.js";
import type { Shown } from "./judging/attestation.js";
import type { AttestationContext, AttestationRequest, Verdict } from "./judging/verdict.js";
import { nearbyFinding } from "./nearby-ids.js";
import { checkRequest } from "./request-checks.js";

/**
 * Finds the enrollment of a device and judges its proof (wire.md#enrollment-match): an individual enrollment with this
 * id decides alone; without it, a group is looked for. Runs every check and returns all findings; there is a proof only
 * if no check failed.
 */
export async function authenticate(request: AttestationRequest, context: AttestationContext): Promise<Verdict> {
  const before = checkRequest(request, context);
  // Nothing can be looked up by an illegal id, so further findings would be meaningless.
  if (before.some((each) => each.code === "id.illegal")) return { findings: before };
  const individual = await context.store.individualEnrollment(request.registrationId);
  const verdict = individual ? await byIndividual(request, individual, context) : await byGroup(request, context);
  const findings = [...before, ...verdict.findings, ...(await disabledFinding(request, verdict.enrollment, context))];
  if (!findings.some((each) => each.severity === "error")) return { ...verdict, findings };
  const { proof: _, ...refused } = verdict;
  return { ...refused, findings };
}

/** The kind of attestation that the connection shows. A device that shows nothing may be a TPM at its first request. */
function kindShown(request: AttestationRequest): Exclude<Shown, "tpm"> {
  if (request.credentials.kind === "sas") return "symmetricKey";
  return request.connection.presented().length > 0 ? "x509" : "nothing";
}

async function byIndividual(
  request: AttestationRequest,
  enrollment: IndividualRecord,
  context: AttestationContext,
): Promise<Verdict> {
  const wanted = enrollment.attestation.type;
  const attestation = attestations[wanted];
  const bare = kindShown(request);
  const shown = bare === "nothing" && request.body?.tpm ? "tpm" : bare;
  if (attestation.judges.includes(shown)) return attestation.individual(request, enrollment, context);
  const expected = attestationKinds[wanted].credential;
  if (shown === "nothing")
    return {
      enrollment,
      attestation: wanted,
      findings: [finding("credential.missing", { expected, got: "nothing" })],
    };
  const got = attestationKinds[shown].credential;
  const values = { id: enrollment.registrationId, expected, got };
  const mismatch = finding("enrollment.attestationMismatch", { values, expected, got });
  return { enrollment, attestation: shown, findings: [mismatch] };
}

async function byGroup(request: AttestationRequest, context: AttestationContext): Promise<Verdict> {
  const shown = kindShown(request);
  if (shown === "nothing") return { findings: await nobody(request, context) };
  const attestation = attestations[shown];
  const verdict = (await attestation.group?.(request, context)) ?? { findings: [] };
  if (verdict.enrollment) return verdict;
  const isReadable = !verdict.findings.some((each) => each.severity === "error");
  const hint = (isReadable && (await attestation.missingGroupHint?.(request, context))) || "";
  return { ...verdict, findings: [...verdict.findings, ...(await notFound(request, context, hint))] };
}

async function nobody(request: AttestationRequest, context: AttestationContext): Promise<readonly Finding[]> {
  const values = { id: request.registrationId };
  const nearby = await nearbyFinding(request.registrationId, context.store, context.mayExplain);
  if (request.body?.tpm) {
    const details = { values, expected: `an individual enrollment ${values.id}`, got: "none", ...nearest(nearby) };
    return [finding("enrollment.notFoundForTpm", details), ...nearby];
  }
  return [
    finding("credential.missing", { expected: "a certificate or a token", got: "neither" }),
    ...(await notFound(request, context)),
  ];
}

async function notFound(
  request: AttestationRequest,
  context: AttestationContext,
  hint = "",
): Promise<readonly Finding[]> {
  const id = request.registrationId;
  const nearby = await nearbyFinding(id, context.store, context.mayExplain);
  const how = enrolledBy[kindShown(request)];
  const expected = `an individual enrollment ${id}, or a group that accepts this device`;
  return [
    finding("enrollment.notFound", { values: { id, hint, how }, expected, got: id, ...nearest(nearby) }),
    ...nearby,
  ];
}

/** The flags that enroll a device with what it shows. */
const enrolledBy: Readonly<Record<ReturnType<typeof kindShown>, string>> = {
  symmetricKey: " --at symmetricKey; its key is what rollcall env then prints",
  x509: " --cp <certificate of the device>",
  nothing: " --at <kind>",
};

/** The similar id that is enrolled, for the finding that says that the device's own id is not enrolled. */
function nearest(nearby: readonly Finding[]): { nearest?: string } {
  const id = nearby[0]?.nearest;
  return id === undefined ? {} : { nearest: id };
}

const disabled = { expected: "provisioningStatus enabled", got: "provisioningStatus disabled" };

async function disabledFinding(
  request: AttestationRequest,
  enrollment: EnrollmentRecord | undefined,
  context: AttestationContext,
): Promise<readonly Finding[]> {
  if (enrollment?.provisioningStatus !== "disabled") return [];
  if (enrollment.kind === "group")
    return [finding("group.disabled", { ...disabled, values: { id: enrollment.enrollmentGroupId } })];
  const shadowed = await shadowedGroup(request, context);
  const values = { id: enrollment.registrationId };
  return [finding("enrollment.disabled", { ...disabled, values, ...(shadowed && { nearest: shadowed }) })];
}

/** Names the group that would accept the device if it had no individual enrollment. */
async function shadowedGroup(request: AttestationRequest, context: AttestationContext): Promise<string | undefined> {
  const shown = kindShown(request);
  if (shown === "nothing") return undefined;
  const verdict = await attestations[shown].group?.(request, context);
  const { proof, enrollment } = verdict ?? {};
  if (!proof || enrollment?.kind !== "group" || enrollment.provisioningStatus === "disabled") return undefined;
  return `the enrollment group ${enrollment.enrollmentGroupId} would accept this device if it had no individual enrollment`;
}
