import { type AttestationKind, type Finding, finding } from "@rollcall/protocol";
import type { EnrollmentRecord, IndividualRecord } from "../records/ports.js";
import { nearbyFinding } from "./nearby-ids.js";
import { checkRequest } from "./request-checks.js";
import { symmetricKey } from "./symmetric-key/symmetric-key.js";
import { tpm } from "./tpm/tpm.js";
import type { Attestation, AttestationContext, AttestationRequest, Verdict } from "./verdict.js";
import { x509 } from "./x509/x509.js";

const attestations: Readonly<Record<AttestationKind, Attestation>> = { symmetricKey, x509, tpm };

const names: Readonly<Record<AttestationKind, string>> = {
  symmetricKey: "a symmetric key",
  x509: "an X.509 certificate",
  tpm: "a TPM",
};

/**
 * Finds the enrollment of a device and judges its proof (wire.md#enrollment-match): an individual enrollment of the id decides
 * alone, else a group is looked for. Runs every check and returns what each found; a proof is there only when none failed.
 */
export async function authenticate(request: AttestationRequest, context: AttestationContext): Promise<Verdict> {
  const before = checkRequest(request, context.idScope);
  // An illegal id cannot be looked up: nothing that follows would mean anything.
  if (before.some((each) => each.code === "id.illegal")) return { findings: before };
  const individual = await context.store.individualEnrollment(request.registrationId);
  const verdict = individual ? await byIndividual(request, individual, context) : await byGroup(request, context);
  const findings = [...before, ...verdict.findings, ...(await disabledFinding(request, verdict.enrollment, context))];
  if (!findings.some((each) => each.severity === "error")) return { ...verdict, findings };
  const { proof: _, ...refused } = verdict;
  return { ...refused, findings };
}

/** What the device came with. A device that shows nothing may be a TPM at its first request. */
function kindShown(request: AttestationRequest): Exclude<AttestationKind, "tpm"> | "nothing" {
  if (request.credentials.kind === "sas") return "symmetricKey";
  return request.connection.presented().length > 0 ? "x509" : "nothing";
}

async function byIndividual(
  request: AttestationRequest,
  enrollment: IndividualRecord,
  context: AttestationContext,
): Promise<Verdict> {
  const wanted = enrollment.attestation.type;
  const bare = kindShown(request);
  const shown = bare === "nothing" && wanted !== "tpm" && request.body?.tpm ? "tpm" : bare;
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
  const isReadable = !verdict.findings.some((each) => each.severity === "error");
  const hint = shown === "symmetricKey" && isReadable ? await groupKeyHint(request, context) : "";
  return { ...verdict, findings: [...verdict.findings, ...(await notFound(request, context, hint))] };
}

/** A good token that fits no group is more often a wrong key than a device that nobody enrolled. */
async function groupKeyHint(request: AttestationRequest, context: AttestationContext): Promise<string> {
  const groups = await context.store.symmetricKeyGroups();
  if (groups.length === 0) return "";
  const more = groups.length > 3 ? ` and ${groups.length - 3} more` : "";
  const names = groups.slice(0, 3).map((group) => group.enrollmentGroupId);
  return ` Its token fits no symmetric-key group (${names.join(", ")}${more}): was its key derived from another group's key, or from another id? rollcall env ${request.registrationId}${groups.length > 1 ? " --group <id>" : ""} prints the right one.`;
}

async function nobody(request: AttestationRequest, context: AttestationContext): Promise<readonly Finding[]> {
  const values = { id: request.registrationId };
  const nearby = await nearbyFinding(request.registrationId, context.store, context.afford);
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
  const nearby = await nearbyFinding(id, context.store, context.afford);
  const how = enrolledBy[kindShown(request)];
  const expected = `an individual enrollment ${id}, or a group that takes this device`;
  return [
    finding("enrollment.notFound", { values: { id, hint, how }, expected, got: id, ...nearest(nearby) }),
    ...nearby,
  ];
}

/** The flags that enroll what the device shows. */
const enrolledBy: Readonly<Record<ReturnType<typeof kindShown>, string>> = {
  symmetricKey: " --at symmetricKey; its key is what rollcall env then prints",
  x509: " --cp <certificate of the device>",
  nothing: " --at <kind>",
};

/** The similar id that is enrolled, for the finding that says that this one is not. */
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

/** Names the group that would have taken the device, were its individual enrollment not in the way. */
async function shadowedGroup(request: AttestationRequest, context: AttestationContext): Promise<string | undefined> {
  const shown = kindShown(request);
  if (shown === "nothing") return undefined;
  const verdict = await attestations[shown].group?.(request, context);
  const { proof, enrollment } = verdict ?? {};
  if (!proof || enrollment?.kind !== "group" || enrollment.provisioningStatus === "disabled") return undefined;
  return `the enrollment group ${enrollment.enrollmentGroupId} would take this device, if there were no individual enrollment`;
}
