import { decodeBase64, type Finding, finding, idKey } from "@rollcall/protocol";
import { parseTpm2bPublic } from "tpm-js-sim/credential";
import type { IndividualRecord } from "../../records/records.js";
import type { AttestationContext, AttestationRequest } from "../judging/verdict.js";
import { endorsementKeyHash } from "./endorsement-key.js";

interface KeyCheck {
  readonly findings: readonly Finding[];
  readonly storageRootKey?: Buffer;
}

/** The endorsement key must be equal to the enrolled key; the storage root key only has to be valid. */
export async function checkKeys(
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
    return "The device sent a storage root key. Were the two keys mixed up?";
  return "It is a well-formed RSA-2048 endorsement key, but of a different TPM, or made from a different template (the SDKs use two).";
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
