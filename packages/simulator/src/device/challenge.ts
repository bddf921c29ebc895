import { attestationKinds, decodeBase64 } from "@rollcall/protocol";
import type { DeviceIdentity } from "../attestation/proving/identity.js";
import { provings } from "../attestation/provings.js";
import { type AssignedState, NoAnswerError } from "./result.js";
import { refusalOf, type WireReply } from "./wire-reply.js";

const nameOf = ({ kind }: DeviceIdentity): string => attestationKinds[kind].name;

/**
 * Passes the key of a challenge to the device. @throws RefusedError when the reply is a refusal instead of a challenge
 */
export async function answerChallenge(identity: DeviceIdentity, reply: WireReply): Promise<void> {
  const wrapped = reply.body["authenticationKey"];
  if (reply.status !== 401 || typeof wrapped !== "string") throw unexpected(identity, reply);
  await take(identity, wrapped);
}

function unexpected(identity: DeviceIdentity, reply: WireReply): Error {
  if (reply.status >= 300) return refusalOf(reply);
  return new NoAnswerError(`the service answered ${reply.status} to the first request of a ${nameOf(identity)}`);
}

/** Passes the hub key of a finished registration to a device whose proof takes two requests. */
export async function takeHubKey(identity: DeviceIdentity, state: AssignedState): Promise<void> {
  const wrapped = provings[identity.kind].twoRequests?.hubKey(state);
  if (wrapped === undefined)
    throw new NoAnswerError(`the service assigned a ${nameOf(identity)} device without sending its hub key`);
  await take(identity, wrapped);
}

async function take(identity: DeviceIdentity, text: string): Promise<void> {
  const wrapped = decodeBase64(text);
  if (wrapped === undefined) throw new NoAnswerError("the authenticationKey is not base64");
  try {
    await provings[identity.kind].twoRequests?.take(identity, wrapped);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new NoAnswerError(`the ${nameOf(identity)} cannot use the key that the service sent: ${reason}`, {
      cause,
    });
  }
}
