import { finding, isSignedBy, limits } from "@rollcall/protocol";
import { checkToken } from "../judging/token.js";
import type { AttestationContext, AttestationRequest, Verdict } from "../judging/verdict.js";

/** Number of challenge windows during which a device that registered may still poll: the lifetime of its operation. */
const POLL_WINDOWS = Math.ceil(limits.operationLifetimeMs / limits.challengeWindowMs);

interface Candidate {
  readonly storageRootKey: Buffer;
  readonly windowsBefore: number;
}

/**
 * The storage root key that was sent; else the keys of recent challenges, and the key with which the device registered.
 */
async function candidates(
  request: AttestationRequest,
  sent: Buffer | undefined,
  context: AttestationContext,
): Promise<readonly Candidate[]> {
  if (sent) return [{ storageRootKey: sent, windowsBefore: 1 }];
  const recent = context.challenges
    .storageRootKeys(request.registrationId)
    .map((storageRootKey) => ({ storageRootKey, windowsBefore: 1 }));
  // A registered device can always use its own storage root key, whatever challenges strangers asked for since.
  const registered = (await context.store.registration(request.registrationId))?.tpm;
  if (!registered) return recent;
  const windowsBefore = request.body ? 1 : POLL_WINDOWS;
  return [...recent, { storageRootKey: Buffer.from(registered.storageRootKey, "base64"), windowsBefore }];
}

/**
 * Checks that the token is signed with the key of a recent challenge for this endorsement key and one of these storage
 * root keys.
 */
export async function checkAnswer(
  request: AttestationRequest,
  endorsementKey: Buffer,
  sent: Buffer | undefined,
  context: AttestationContext,
): Promise<Pick<Verdict, "findings" | "proof">> {
  const text = request.credentials.kind === "sas" ? request.credentials.token : "";
  const { token, findings } = checkToken(text, request, context.now);
  if (!token) return { findings };
  const { registrationId } = request;
  const known = await candidates(request, sent, context);
  for (const { storageRootKey, windowsBefore } of known) {
    const keys = context.challenges.keys({ registrationId, endorsementKey, storageRootKey }, windowsBefore);
    if (keys.some((key) => isSignedBy(token, key)))
      return { findings, proof: { kind: "tpm", endorsementKey, storageRootKey } };
  }
  const expected = "a token signed with the key inside the last challenge";
  if (known.some((each) => each.windowsBefore === 1)) {
    const got = "a token signed with a different key";
    return { findings: [...findings, finding("tpm.wrongChallengeKey", { expected, got })] };
  }
  // At CONNECT the storage root key of a challenge may be unknown because another node issued it: the register request
  // will have it.
  const expired = finding("tpm.challengeExpired", {
    expected,
    got: "a token, but no challenge is known for this device",
  });
  return { findings: request.body ? [...findings, expired] : findings };
}
