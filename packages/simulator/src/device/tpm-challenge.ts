import { type DeviceRegistration, decodeBase64 } from "@rollcall/protocol";
import type { DeviceTpm } from "./identity.js";
import { type AssignedState, NoAnswerError } from "./result.js";
import { refusalOf, type WireReply } from "./wire-reply.js";

/** The `tpm` member of a registration request: both keys as base64 of TPM2B_PUBLIC. */
export async function tpmMember(tpm: DeviceTpm): Promise<NonNullable<DeviceRegistration["tpm"]>> {
  const [endorsementKey, storageRootKey] = await Promise.all([tpm.endorsementKey(), tpm.storageRootKey()]);
  return { endorsementKey: base64(endorsementKey), storageRootKey: base64(storageRootKey) };
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

/** Takes the key of a challenge into the TPM. @throws RefusedError when the reply is no challenge but a refusal */
export async function answerChallenge(tpm: DeviceTpm, reply: WireReply): Promise<void> {
  const blob = reply.body["authenticationKey"];
  if (reply.status !== 401 || typeof blob !== "string") throw unexpected(reply);
  await activate(tpm, blob);
}

function unexpected(reply: WireReply): Error {
  if (reply.status >= 300) return refusalOf(reply);
  return new NoAnswerError(`the service answered ${reply.status} to a TPM that had not proved itself yet`);
}

/** Takes the hub key of a finished registration into the TPM. */
export async function takeHubKey(tpm: DeviceTpm, state: AssignedState): Promise<void> {
  const blob = state.tpm?.authenticationKey;
  if (blob === undefined) throw new NoAnswerError("the service assigned a TPM device without sending its hub key");
  await activate(tpm, blob);
}

async function activate(tpm: DeviceTpm, text: string): Promise<void> {
  const blob = decodeBase64(text);
  if (blob === undefined) throw new NoAnswerError("the authenticationKey is not base64");
  try {
    await tpm.activateIdentityKey(blob);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new NoAnswerError(`the TPM does not take the key that the service sent: ${reason}`, { cause });
  }
}
