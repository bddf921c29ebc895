import { limits } from "../../facts/limits.js";
import type { FindingRow } from "./finding-row.js";

/** TPM attestation: endorsement key, storage root key, challenge. Likely root causes first: the order is the rank. */
export const tpmRows = {
  "tpm.bodyMissing": {
    element: "endorsementKey",
    severity: "error",
    blame: "device",
    wire: "unauthorized",
    title: "The enrollment {id} expects a TPM, but the request carries no tpm.endorsementKey.",
    remedy: "Send endorsementKey and storageRootKey.",
  },
  "tpm.endorsementKeyEnrolledElsewhere": {
    cause: 10,
    element: "endorsementKey",
    severity: "error",
    blame: "device",
    wire: "invalidEndorsementKey",
    title: "The endorsement key belongs to registration {owner}, not to {id}. Were two boards swapped?",
    remedy:
      "Register this TPM as {owner}, or delete that enrollment and put the key into this one: rollcall enrollment update --eid {id} --ek <base64>",
  },
  "tpm.endorsementKeyInvalid": {
    cause: 10,
    element: "endorsementKey",
    severity: "error",
    blame: "device",
    wire: "invalidEndorsementKey",
    title: "The endorsement key is invalid: {problems}.",
    remedy: "Send the base64 of the TPM2B_PUBLIC that TPM2_ReadPublic gives for 0x81010001.",
  },
  "tpm.endorsementKeyMismatch": {
    cause: 10,
    element: "endorsementKey",
    severity: "error",
    blame: "device",
    wire: "invalidEndorsementKey",
    title: "The endorsement key differs from the key enrolled as {id}. {hint}",
    remedy:
      "Put the endorsement key of this TPM into the enrollment (rollcall enrollment update --eid {id} --ek <base64>): the device's SDK reads it (getEndorsementKey), tpm2_readpublic -c 0x81010001 does too.",
    follows: ["tpm.endorsementKeyInvalid"],
  },
  "tpm.storageRootKeyInvalid": {
    cause: 10,
    element: "storageRootKey",
    severity: "error",
    blame: "device",
    wire: "badRequest",
    title: "The storage root key is missing or invalid: {problems}.",
    remedy: "Send the base64 of the TPM2B_PUBLIC that TPM2_ReadPublic gives for 0x81000001.",
  },
  "tpm.wrongChallengeKey": {
    cause: 11,
    element: "challenge",
    severity: "error",
    blame: "device",
    wire: "unauthorized",
    atConnect: "notAuthorized",
    title: "The token was not signed with the key that the challenge carried.",
    remedy:
      "Activate the authenticationKey of the last 401 and sign with it. Likely causes: the storage root key changed, the TPM was cleared, or the device answered an older challenge.",
  },
  "tpm.challengeExpired": {
    cause: 11,
    element: "challenge",
    severity: "error",
    blame: "device",
    wire: "unauthorized",
    atConnect: "notAuthorized",
    title: "The token answers a challenge that has expired or was never issued.",
    remedy: `Register again without a token: the 401 carries a new challenge, valid for ${limits.challengeWindowMs / 60_000} minutes.`,
  },
  "tpm.notOverMqtt": {
    element: "connection",
    severity: "error",
    blame: "service",
    wire: "unauthorized",
    atConnect: "notAuthorized",
    title: "TPM attestation over MQTT is an extension of Rollcall, and it is off for this listener.",
    remedy: "Register over HTTPS, or set tpmOverMqtt: true in rollcall.yaml.",
  },
  "tpm.challengeOnly": {
    cause: 11,
    element: "challenge",
    severity: "error",
    blame: "device",
    title:
      "This connection proved nothing: it is good for one register request, which asks for the TPM's challenge. {what} was refused.",
    remedy: "Activate the authenticationKey of the 401, and connect again with a token that is signed with it.",
  },
  "tpm.challengeIssued": {
    cause: 11,
    element: "challenge",
    severity: "info",
    blame: "device",
    title:
      "This 401 is step 1 of 2: the challenge was issued; the device has to activate it and register again with a token. No second request has come yet.",
    remedy:
      "Nothing to fix here. If the device stops at this point, it mistakes the 401 for a refusal, or its TPM could not activate the key.",
  },
} as const satisfies Readonly<Record<string, FindingRow>>;
