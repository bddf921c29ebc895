import {
  type AttestationKind,
  type DeviceRegistration,
  type Finding,
  finding,
  idKey,
  judgeApiVersion,
  parseRegistration,
  type Reply,
} from "@rollcall/protocol";
import type { DeviceRequest } from "../attempts/engine-types.js";
import { errorReply, okReply, refusalFor, refuse } from "../attempts/replies.js";
import { attestations } from "../attestation/attestations.js";
import { authenticate } from "../attestation/authenticate.js";
import type { AttestationRequest, ProofOf, Verdict } from "../attestation/judging/verdict.js";
import { attestationContext } from "./attestation-context.js";
import type { EngineContext } from "./context.js";
import { noteVerdict } from "./note-verdict.js";
import { saveRegistration } from "./save-registration.js";

type BodyRequest = DeviceRequest & { readonly body: Uint8Array };

/** Registers a device: throttle, body, attestation, allocation, save, answer. */
export async function register(request: BodyRequest, context: EngineContext): Promise<Reply> {
  const { attempt } = request;
  attempt.step("register");
  const throttled = context.throttle();
  if (throttled) return refuseThrottled(request, context, throttled);
  const judged = await judge(request, context);
  if ("refusal" in judged) return judged.refusal;
  const { verdict, asked } = judged;
  const { proof, enrollment, attestation } = verdict;
  if (proof?.kind === "challenge") return challenge(request, { proof, attestation }, context);
  if (!proof || !enrollment || !attestation) throw new Error("accepted without a proof");
  const { registrationId, connection } = request;
  const saved = await context.simultaneousRegistrations.watch(
    { registrationId, attempt, remote: connection.remote },
    () => saveRegistration({ request: asked, enrollment, proof, attestation }, context),
  );
  if ("refusal" in saved) return refuse(attempt, saved.refusal, context.clock());
  attestations[attestation].finish.saved?.(request.registrationId, context.challenges);
  attempt.operationId = saved.operation.id;
  attempt.outcome = "accepted";
  attempt.step("accepted");
  return okReply(
    attempt,
    202,
    { operationId: saved.operation.id, status: "assigning" },
    context.options.retryAfterSeconds,
  );
}

/** Reads the body and judges the device; notes everything in the attempt. */
export async function judge(
  request: BodyRequest,
  context: EngineContext,
): Promise<{ refusal: Reply } | { verdict: Verdict; asked: AttestationRequest }> {
  const { attempt } = request;
  const read = readBody(request);
  const { body: _, ...rest } = request;
  const asked: AttestationRequest = { ...rest, body: read.body };
  const verdict = await authenticate(asked, attestationContext(context));
  noteVerdict(request, verdict);
  const refusal = refusalFor(attempt, [...read.findings, ...verdict.findings], context.clock());
  return refusal ? { refusal } : { verdict, asked };
}

function readBody(request: BodyRequest): { body: DeviceRegistration; findings: readonly Finding[] } {
  const parsed = parseRegistration(request.body);
  if (!parsed.ok) {
    const reason = parsed.reason;
    const code = parsed.tooLarge ? "protocol.payloadTooLarge" : "protocol.bodyMalformed";
    return { body: {}, findings: [finding(code, { values: { reason, bytes: request.body.length } })] };
  }
  return { body: parsed.body, findings: [...checkBodyId(parsed.body, request), ...checkCsr(parsed.body, request)] };
}

function checkBodyId(body: DeviceRegistration, request: BodyRequest): readonly Finding[] {
  if (body.registrationId === undefined || idKey(body.registrationId) === idKey(request.registrationId)) return [];
  return [finding("protocol.bodyIdMismatch", { expected: request.registrationId, got: body.registrationId })];
}

/** First API version whose clients may send a csr (wire.md#csr). */
const CSR_SINCE = "2021-11-01-preview";

function checkCsr(body: DeviceRegistration, request: BodyRequest): readonly Finding[] {
  if (body.csr === undefined) return [];
  const apiVersion = request.apiVersion ?? "";
  const early = judgeApiVersion(apiVersion) !== "newer" && apiVersion < CSR_SINCE;
  return [finding(early ? "protocol.csrNeedsPreview" : "protocol.csrUnsupported", { values: { apiVersion } })];
}

function refuseThrottled(
  request: BodyRequest,
  context: EngineContext,
  throttled: { count: number; limit: number; retryAfter: number },
): Reply {
  const { count, limit, retryAfter } = throttled;
  request.attempt.add(
    finding("registration.throttled", { values: { count, limit }, expected: `${limit} a minute`, got: String(count) }),
  );
  return errorReply(request.attempt, "throttled", { now: context.clock(), retryAfter });
}

/**
 * Makes the 401 that is not a refusal: the challenge that a TPM has to answer before it is known
 * (wire.md#tpm-challenge).
 */
export function challenge(
  request: BodyRequest,
  { proof, attestation }: { readonly proof: ProofOf<"challenge">; readonly attestation: AttestationKind | undefined },
  context: EngineContext,
): Reply {
  const { attempt } = request;
  const { challenges, random } = context;
  const { idScope } = context.options;
  const made =
    attestation && attestations[attestation].finish.challenge?.(request, proof, { idScope, challenges, random });
  if (!made) throw new Error(`no challenge is made for ${attestation}`);
  attempt.add(made.finding);
  attempt.outcome = "challenged";
  attempt.step("challenged");
  return okReply(attempt, 401, made.body);
}
