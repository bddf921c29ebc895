/** The security client of each attestation, from the unmodified packages. */
import { createRequire } from "node:module";

/** A virtual TPM in this process, or a TPM behind a raw socket, as swtpm serves it. */
async function tssDevice({ virtual, socket }) {
  const { sendDevice, socketDevice } = await import("../tss-devices.mjs");
  if (socket !== undefined) return socketDevice(socket);
  const { createTpm } = await import("tpm-js-sim");
  const device = createTpm(virtual);
  return sendDevice((command) => device.send(command));
}

export const securityClients = {
  async x509({ registrationId, attestation: { cert, key } }) {
    const { default: x509 } = await import("azure-iot-security-x509");
    return new x509.X509Security(registrationId, { cert, key });
  },

  async symmetricKey({ registrationId, attestation: { key } }) {
    const { default: symmetricKey } = await import("azure-iot-security-symmetric-key");
    return new symmetricKey.SymmetricKeySecurityClient(registrationId, key);
  },

  async tpm({ registrationId, attestation }) {
    const { default: tpm } = await import("azure-iot-security-tpm");
    // Without arguments, as the documentation starts: the registration id then follows from the endorsement key.
    if (attestation.served === "where the SDK looks") return new tpm.TpmSecurityClient();
    // The copy that the SDK itself uses.
    const tss = createRequire(import.meta.resolve("azure-iot-security-tpm"))("tss.js");
    if (attestation.served !== undefined) {
      return new tpm.TpmSecurityClient(registrationId, new tss.Tpm(true, "127.0.0.1", attestation.served));
    }
    // `true` is the simulator's device, which opens nothing until it connects.
    const customTpm = new tss.Tpm(true);
    customTpm.device = await tssDevice(attestation);
    return new tpm.TpmSecurityClient(registrationId, customTpm);
  },
};
