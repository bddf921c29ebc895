import { finding, REGISTRATION_KEY_NAME } from "@rollcall/protocol";
import { makeAuthenticationKey } from "tpm-js-sim/credential";
import type { Random } from "../../records/ports.js";
import type { RegistrationRecord } from "../../records/records.js";
import type { Finish, HubAccess } from "../judging/attestation.js";
import type { ProofOf } from "../judging/verdict.js";

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");

/**
 * At its hub, a TPM signs with a key that the service made and that only this TPM can decrypt (wire.md#tpm-challenge).
 */
export const finish: Finish = {
  hubAccess,

  resultMember({ registrationId, result, tpm }, random) {
    if (!tpm) throw new Error(`the registration ${registrationId} has no TPM keys`);
    const authenticationKey = makeAuthenticationKey({
      endorsementKey: Buffer.from(tpm.endorsementKey, "base64"),
      storageRootKey: Buffer.from(tpm.storageRootKey, "base64"),
      key: Buffer.from(tpm.hubKey, "base64"),
      uri: `HostName=${result.assignedHub};DeviceId=${result.deviceId}`,
      random,
    });
    return { tpm: { authenticationKey: authenticationKey.toString("base64") } };
  },

  runtimeMember: (_request, { endorsementKey, storageRootKey }: ProofOf<"tpm">) => ({
    tpm: { endorsementKey: base64(endorsementKey), storageRootKey: base64(storageRootKey) },
  }),

  saved: (registrationId, challenges) => challenges.forget(registrationId),

  challenge({ registrationId }, { endorsementKey, storageRootKey }, { idScope, challenges, random }) {
    const key = challenges.issue({ registrationId, endorsementKey, storageRootKey });
    const uri = `HostName=${idScope};DeviceId=${registrationId}`;
    const authenticationKey = makeAuthenticationKey({ endorsementKey, storageRootKey, key, uri, random });
    return {
      finding: finding("tpm.challengeIssued", {
        expected: "a second request, with a token signed with the key inside the challenge",
        got: "the first request, without a token",
      }),
      body: {
        message: "Authorization required.",
        keyName: REGISTRATION_KEY_NAME,
        authenticationKey: authenticationKey.toString("base64"),
      },
    };
  },
};

/** Each registration makes a new hub key; the record keeps it, so that it can be encrypted for each answer. */
function hubAccess(proof: ProofOf<"tpm">, random: Random): HubAccess {
  const hubKey = random(32).toString("base64");
  const tpm: NonNullable<RegistrationRecord["tpm"]> = {
    endorsementKey: base64(proof.endorsementKey),
    storageRootKey: base64(proof.storageRootKey),
    hubKey,
  };
  return { authentication: { type: "symmetricKey", primaryKey: hubKey }, kept: { tpm } };
}
