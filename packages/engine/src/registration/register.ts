import {
  type DeviceRegistration,
  type Finding,
  finding,
  idKey,
  judgeApiVersion,
  parseRegistration,
  REGISTRATION_KEY_NAME,
  type Reply,
} from "@rollcall/protocol";
import { makeAuthenticationKey } from "tpm-js-sim/credential";
import type { DeviceRequest } from "../attempts/engine-types.js";
import { errorReply, okReply, refusalFor, refuse } from "../attempts/replies.js";
import { authenticate } from "../attestation/authenticate.js";
import type { AttestationRequest, Proof, Verdict } from "../attestation/verdict.js";
import { attestationContext, noteVerdict } from "./attestation-context.js";
import type { EngineContext } from "./context.js";
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
  if (proof?.kind === "challenge") return challenge(request, proof, context);
  if (!proof || !enrollment || !attestation) throw new Error("accepted without a proof");
  const { registrationId, connection } = request;
  const saved = await context.underWay.watch({ registrationId, attempt, remote: connection.remote }, () =>
    saveRegistration({ request: asked, enrollment, proof, attestation }, context),
  );
  if ("refusal" in saved) return refuse(attempt, saved.refusal, context.clock());
  if (proof.kind === "tpm") context.challenges.forget(request.registrationId);
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

/** First version whose clients may send a csr (wire.md#csr). */
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

/** The 401 that is no refusal: a key that only this TPM can open (wire.md#tpm-challenge). */
export function challenge(
  request: BodyRequest,
  proof: Extract<Proof, { kind: "challenge" }>,
  context: EngineContext,
): Reply {
  const { attempt, registrationId } = request;
  const { endorsementKey, storageRootKey } = proof;
  const key = context.challenges.issue({ registrationId, endorsementKey, storageRootKey });
  const uri = `HostName=${context.options.idScope};DeviceId=${registrationId}`;
  const authenticationKey = makeAuthenticationKey({
    endorsementKey,
    storageRootKey,
    key,
    uri,
    random: context.random,
  }).toString("base64");
  attempt.add(
    finding("tpm.challengeIssued", {
      expected: "a second request, with a token signed with the key inside the challenge",
      got: "the first request, without a token",
    }),
  );
  attempt.outcome = "challenged";
  attempt.step("challenged");
  return okReply(attempt, 401, {
    message: "Authorization required.",
    keyName: REGISTRATION_KEY_NAME,
    authenticationKey,
  });
}
