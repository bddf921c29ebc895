import { randomUUID } from "node:crypto";
import { certificateCache } from "@rollcall/pki";
import { type Finding, finding, findingRow, type Reply, rootCause, type TurnedAway } from "@rollcall/protocol";
import type { Admission, DeviceRequest, Engine } from "./attempts/engine-types.js";
import { faultFinding } from "./attempts/fault-finding.js";
import { errorReply } from "./attempts/replies.js";
import { attestations } from "./attestation/attestations.js";
import { authenticate } from "./attestation/authenticate.js";
import { createBudget, EXPLANATIONS_PER_SECOND } from "./attestation/explanation-budget.js";
import { connectionProofs } from "./attestation/judging/connection-proofs.js";
import { checkRequest } from "./attestation/request-checks.js";
import { Challenges } from "./attestation/tpm/challenges.js";
import { attestationContext } from "./registration/attestation-context.js";
import type { EngineContext, EngineOptions } from "./registration/context.js";
import { noteVerdict } from "./registration/note-verdict.js";
import { lookUp, operationStatus } from "./registration/operation-status.js";
import { register } from "./registration/register.js";
import { SimultaneousRegistrations } from "./registration/simultaneous-registrations.js";
import { createThrottle } from "./registration/throttle.js";

/** Number of parsed CA certificates in the cache: intermediates and roots of all groups, and those below them. */
const CACHED_CERTIFICATES = 500;

/** Makes the engine. `onFailure` is called with internal errors; devices get "internal error". */
export function createEngine(
  options: EngineOptions & { readonly onFailure?: (error: unknown, trackingId: string) => void },
): Engine & { readonly challenges: Challenges } {
  const { store, hubs, clock, random } = options;
  const challenges = new Challenges(options.clusterSecret, clock);
  const certificates = certificateCache(CACHED_CERTIFICATES);
  const count = options.onCertificateWork ?? (() => undefined);
  const context: EngineContext = {
    options,
    store,
    hubs,
    clock,
    random,
    challenges,
    simultaneousRegistrations: new SimultaneousRegistrations(clock),
    certificates,
    proofs: connectionProofs({ clock, certificates, count }),
    throttle: createThrottle(options.registrationsPerMinute, clock),
    mayExplain: createBudget(EXPLANATIONS_PER_SECOND, clock),
    uuid: randomUUID,
    etag: () => Buffer.from(`"${random(12).toString("hex")}"`).toString("base64"),
  };

  /** The only place that catches internal errors: a stranger never sees more of them than "internal error". */
  const guarded = async <Answer>(
    { attempt }: DeviceRequest,
    run: () => Promise<Answer>,
    otherwise: (failure: Finding) => Answer,
  ): Promise<Answer> => {
    try {
      return await run();
    } catch (error) {
      options.onFailure?.(error, attempt.trackingId);
      const failure = faultFinding(error, attempt.trackingId);
      attempt.add(failure);
      return otherwise(failure);
    }
  };
  const answered = (request: DeviceRequest, run: () => Promise<Reply>): Promise<Reply> =>
    guarded(request, run, () =>
      errorReply(request.attempt, "internal", { now: clock(), retryAfter: options.retryAfterSeconds }),
    );

  return {
    idScope: options.idScope,
    challenges,
    async admit(request) {
      const decide = () => admit(request, context);
      const admission = await guarded(request, decide, (failure): Admission => turnedAway("unavailable", failure));
      if (admission.kind === "refused") request.attempt.outcome = "refused";
      return admission;
    },
    register: (request) => answered(request, () => register(request, context)),
    operationStatus: (request) => answered(request, () => operationStatus(request, context)),
    lookUp: (request) => answered(request, () => lookUp(request, context)),
  };
}

/**
 * Decides whether a device may connect. Refuses requests that cannot be read, tokens that do not verify, and devices
 * that show no credential (except a TPM that wants its challenge). Everything else is refused at the register request,
 * whose answer can say why.
 */
async function admit(request: DeviceRequest, context: EngineContext): Promise<Admission> {
  const { attempt } = request;
  const byToken = request.credentials.kind === "sas";
  if (!byToken && request.connection.presented().length > 0) {
    return refusalOf(attempt.add(...checkRequest(request, attestationContext(context)))) ?? { kind: "admitted" };
  }
  const verdict = await authenticate(request, attestationContext(context));
  noteVerdict(request, verdict);
  const ranked = attempt.add(...verdict.findings);
  if (byToken) return refusalOf(ranked) ?? { kind: "admitted" };
  const wanted = verdict.enrollment?.attestation.type;
  if (wanted && attestations[wanted].finish.challenge && !rootCause(ranked)) return { kind: "challengeOnly" };
  const missing = finding("credential.missing", { expected: "a certificate or a token", got: "neither" });
  return refusalOf(attempt.add(missing)) ?? turnedAway("notAuthorized", missing);
}

/**
 * Refuses a token that does not verify even if there is a deeper cause, such as a wrong scope, that would be refused
 * later.
 */
function refusalOf(ranked: readonly Finding[]): Admission | undefined {
  const root = rootCause(ranked);
  const reasons = ranked.filter((each) => each.severity === "error").map((each) => findingRow(each.code).atConnect);
  const reason = reasons.find((each) => each !== undefined);
  return root && reason ? turnedAway(reason, root) : undefined;
}

function turnedAway(reason: TurnedAway["reason"], root: Finding): TurnedAway {
  return { kind: "refused", reason, findings: [root] };
}
