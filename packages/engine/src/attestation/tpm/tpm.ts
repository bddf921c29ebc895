import { createHash } from "node:crypto";
import { decodeBase64, type Finding, finding, idKey, isSignedBy, limits } from "@rollcall/protocol";
import { parseTpm2bPublic } from "tpm-js-sim/credential";
import type { IndividualRecord } from "../../records/ports.js";
import { checkToken } from "../symmetric-key/token.js";
import type { Attestation, AttestationContext, AttestationRequest, Verdict } from "../verdict.js";

/** Hex SHA-256 of a TPM2B_PUBLIC: what endorsement keys are looked up and shown by. */
export function endorsementKeyHash(tpm2bPublic: Uint8Array): string {
  return createHash("sha256").update(tpm2bPublic).digest("hex");
}

/**
 * TPM attestation (wire.md#tpm-challenge): a first request without a token gets a challenge, a second with one answers
 * it.
 */
export const tpm: Attestation = {
  async individual(request, enrollment, context) {
    const base = { enrollment, attestation: "tpm" as const };
    if (enrollment.attestation.type !== "tpm") return { ...base, findings: [] };
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
  },
};

interface KeyCheck {
  readonly findings: readonly Finding[];
  readonly storageRootKey?: Buffer;
}

/** The endorsement key must be the enrolled one, byte for byte; the storage root key only has to be one. */
async function checkKeys(
  request: AttestationRequest,
  enrollment: IndividualRecord,
  enrolled: Buffer,
  context: AttestationContext,
): Promise<KeyCheck> {
  const sent = request.body?.tpm;
  if (!sent) {
    const needed = request.credentials.kind !== "sas" && request.body !== undefined;
    const details = {
      values: { id: enrollment.registrationId },
      expected: "tpm.endorsementKey and tpm.storageRootKey",
      got: "a body without tpm",
    };
    return { findings: needed ? [finding("tpm.bodyMissing", details)] : [] };
  }
  const endorsement = await checkEndorsementKey(sent.endorsementKey, enrollment, enrolled, context);
  const storage = checkStorageRootKey(sent.storageRootKey);
  return { findings: [...endorsement, ...storage.findings], ...(storage.key && { storageRootKey: storage.key }) };
}

async function checkEndorsementKey(
  text: string,
  enrollment: IndividualRecord,
  enrolled: Buffer,
  context: AttestationContext,
): Promise<readonly Finding[]> {
  const id = enrollment.registrationId;
  const bytes = decodeBase64(text);
  if (bytes?.equals(enrolled)) return [];
  const wanted = "base64 of the TPM2B_PUBLIC of an RSA-2048 endorsement key";
  if (!bytes) {
    const problems = "it is not base64";
    return [finding("tpm.endorsementKeyInvalid", { values: { problems }, expected: wanted, got: problems })];
  }
  const parsed = parseTpm2bPublic(bytes);
  const problems = parsed.problems
    .map((problem) => `${problem.field} at byte ${problem.offset}: ${problem.message}`)
    .join("; ");
  const hash = endorsementKeyHash(bytes);
  const owner = await context.store.enrollmentByEndorsementKey(hash);
  const expected = `SHA-256 ${endorsementKeyHash(enrolled)}`;
  const got = `SHA-256 ${hash}`;
  const findings: Finding[] = [];
  if (problems) findings.push(finding("tpm.endorsementKeyInvalid", { values: { problems }, expected: wanted, got }));
  if (owner && idKey(owner.registrationId) !== idKey(id)) {
    findings.push(
      finding("tpm.endorsementKeyEnrolledElsewhere", {
        values: { owner: owner.registrationId, id },
        expected,
        got,
        nearest: owner.registrationId,
      }),
    );
  } else {
    const hint = problems ? "" : mismatchHint(bytes);
    findings.push(finding("tpm.endorsementKeyMismatch", { values: { id, hint }, expected, got }));
  }
  return findings;
}

/** objectAttributes of the storage root key's template (attestation.md#templates). */
export const STORAGE_ROOT_KEY_ATTRIBUTES = 0x00030472;

function mismatchHint(tpm2bPublic: Buffer): string {
  if (tpm2bPublic.readUInt32BE(6) === STORAGE_ROOT_KEY_ATTRIBUTES)
    return "What came is a storage root key: were the two mixed up?";
  return "It is a well-formed RSA-2048 endorsement key: of another TPM, or made from another template (the SDKs use two).";
}

function checkStorageRootKey(text: string | undefined): { findings: readonly Finding[]; key?: Buffer } {
  const invalid = (problems: string) => ({
    findings: [
      finding("tpm.storageRootKeyInvalid", {
        values: { problems },
        expected: "base64 of the TPM2B_PUBLIC of a storage root key",
        got: problems,
      }),
    ],
  });
  if (text === undefined) return invalid("it was not sent");
  const bytes = decodeBase64(text);
  if (!bytes) return invalid("it is not base64");
  const parsed = parseTpm2bPublic(bytes, { allowEcc: true });
  if (parsed.kind === "usable") return { findings: [], key: bytes };
  return invalid(
    parsed.problems.map((problem) => `${problem.field} at byte ${problem.offset}: ${problem.message}`).join("; "),
  );
}

/** Challenge windows within which a device that registered may still poll: as long as its operation lives. */
const POLL_WINDOWS = Math.ceil(limits.operationLifetimeMs / limits.challengeWindowMs);

interface Candidate {
  readonly storageRootKey: Buffer;
  readonly windowsBefore: number;
}

/** The storage root key that was sent; else those of recent challenges, and the one that the device registered with. */
async function candidates(
  request: AttestationRequest,
  sent: Buffer | undefined,
  context: AttestationContext,
): Promise<readonly Candidate[]> {
  if (sent) return [{ storageRootKey: sent, windowsBefore: 1 }];
  const recent = context.challenges
    .storageRootKeys(request.registrationId)
    .map((storageRootKey) => ({ storageRootKey, windowsBefore: 1 }));
  // A device that registered before is known by its own storage root key, whatever strangers asked for since.
  const registered = (await context.store.registration(request.registrationId))?.tpm;
  if (!registered) return recent;
  const windowsBefore = request.body ? 1 : POLL_WINDOWS;
  return [...recent, { storageRootKey: Buffer.from(registered.storageRootKey, "base64"), windowsBefore }];
}

/** The token must be signed with the key of a recent challenge for this endorsement key and one of these storage root keys. */
async function checkAnswer(
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
    const got = "a token signed with another key";
    return { findings: [...findings, finding("tpm.wrongChallengeKey", { expected, got })] };
  }
  // At CONNECT nothing may tell the storage root key of a challenge that another node gave: the register request will.
  const expired = finding("tpm.challengeExpired", {
    expected,
    got: "a token, but no challenge is known for this device",
  });
  return { findings: request.body ? [...findings, expired] : findings };
}
