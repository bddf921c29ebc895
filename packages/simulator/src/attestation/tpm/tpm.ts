import { createTpm } from "tpm-js-sim";
import { TpmClient } from "tpm-js-sim/client";
import type { Proving } from "../proving/proving.js";
import { deriveHints, readHints, tpmHints, tpmSeed } from "./hints.js";

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

/** A TPM: sends its keys in a first request, and signs with the key in the answer, which only this TPM can decrypt. */
export const tpm: Proving<"tpm"> = {
  sign: ({ tpm: device }, resource, expiry) => device.sign(Buffer.from(`${resource}\n${expiry}`)),
  twoRequests: {
    async member({ tpm: device }) {
      const [endorsementKey, storageRootKey] = await Promise.all([device.endorsementKey(), device.storageRootKey()]);
      return { tpm: { endorsementKey: base64(endorsementKey), storageRootKey: base64(storageRootKey) } };
    },
    hubKey: (result) => result.tpm?.authenticationKey,
    take: ({ tpm: device }, wrapped) => device.activateIdentityKey(wrapped),
  },
  isGroupEnrolled: () => false,
  faults: () => [],
  deriveFiles: async (devices, file, signal) =>
    new Map(devices.length > 0 ? [[tpmHints, await deriveHints(file, devices, signal)]] : []),
  supplier({ file, files }) {
    const hints = readHints(files);
    return ({ registrationId }) => {
      const virtual = createTpm({ seed: tpmSeed(file, registrationId), hints: hints[registrationId] ?? {} });
      const client = new TpmClient((command) => virtual.send(command));
      const endorsementKey = client.endorsementKey().toString("base64");
      return { identity: { kind: "tpm", tpm: client }, enrolled: { type: "tpm", endorsementKey } };
    };
  },
  mechanism: ({ endorsementKey }) => ({ type: "tpm", tpm: { endorsementKey } }),
};
