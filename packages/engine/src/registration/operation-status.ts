import { type Finding, finding, limits, type Reply } from "@rollcall/protocol";
import type { DeviceRequest } from "../attempts/engine-types.js";
import { okReply, refusalFor, refuse } from "../attempts/replies.js";
import { authenticate } from "../attestation/authenticate.js";
import { isAssigning } from "../records/is-assigning.js";
import { attestationContext } from "./attestation-context.js";
import type { EngineContext } from "./context.js";
import { noteVerdict } from "./note-verdict.js";
import { challenge, judge } from "./register.js";
import { assigningStatus, finalStatus, registrationResult } from "./registration-result.js";

/** Answers a poll: 202 until `readyAt`, then 200 with the result (wire.md#reply-bodies). */
export async function operationStatus(
  request: DeviceRequest & { readonly operationId: string },
  context: EngineContext,
): Promise<Reply> {
  const { attempt } = request;
  const refusal = await refuseStranger(request, context);
  if (refusal) return refusal;
  const record = await context.store.registration(request.registrationId);
  const now = context.clock();
  const operation = record?.operations.find(
    (each) => each.id === request.operationId && each.startedAt > now - limits.operationLifetimeMs,
  );
  if (!record || !operation)
    return refuse(attempt, finding("operation.unknown", { values: { operationId: request.operationId } }), now);
  attempt.operationId = operation.id;
  if (isAssigning(operation, now)) {
    attempt.step("assigning");
    const left = Math.ceil((operation.readyAt - now) / 1000);
    const retryAfter = Math.max(1, Math.min(context.options.retryAfterSeconds, left));
    return okReply(attempt, 202, assigningStatus(operation, record.registrationId), retryAfter);
  }
  attempt.outcome = record.result.status;
  attempt.step(record.result.status);
  return okReply(attempt, 200, finalStatus(operation, record, context.random));
}

const hasError = (findings: readonly Finding[]) => findings.some((each) => each.severity === "error");

/** On a connection that has registered, polls need no further proof; other polls do. */
async function refuseStranger(request: DeviceRequest, context: EngineContext): Promise<Reply | undefined> {
  const { attempt } = request;
  if (attempt.outcome === "accepted" || attempt.outcome === "assigned" || attempt.outcome === "failed")
    return undefined;
  const verdict = await authenticate(request, attestationContext(context));
  noteVerdict(request, verdict);
  const proven = verdict.proof !== undefined && verdict.proof.kind !== "challenge";
  const missing = request.credentials.kind === "sas" ? "tpm.challengeExpired" : "credential.missing";
  const findings = proven || hasError(verdict.findings) ? verdict.findings : [...verdict.findings, finding(missing)];
  return refusalFor(attempt, findings, context.clock());
}

/** Answers a look-up with the current registration; the device has to attest again (wire.md#look-up). */
export async function lookUp(
  request: DeviceRequest & { readonly body: Uint8Array },
  context: EngineContext,
): Promise<Reply> {
  const judged = await judge(request, context);
  if ("refusal" in judged) return judged.refusal;
  const { attempt } = request;
  const { proof, attestation } = judged.verdict;
  if (proof?.kind === "challenge") return challenge(request, { proof, attestation }, context);
  const record = await context.store.registration(request.registrationId);
  if (!record) return refuse(attempt, finding("registration.none"), context.clock());
  attempt.outcome = record.result.status;
  return okReply(attempt, 200, registrationResult(record, context.random));
}
