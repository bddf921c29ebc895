/** The security client of each attestation, from the unmodified packages. */
import { createRequire } from "node:module";
import symmetricKey from "azure-iot-security-symmetric-key";
import tpm from "azure-iot-security-tpm";
import x509 from "azure-iot-security-x509";
import { createTpm } from "tpm-js-sim";
import { sendDevice, socketDevice } from "../tss-devices.mjs";

/** The copy that the SDK itself uses. */
const tss = createRequire(import.meta.resolve("azure-iot-security-tpm"))("tss.js");

/** A virtual TPM in this process, or one behind a raw socket, which is how swtpm serves it. */
function tssDevice({ virtual, socket }) {
  if (socket !== undefined) return socketDevice(socket);
  const device = createTpm(virtual);
  return sendDevice((command) => device.send(command));
}

function tpmSecurityClient(registrationId, attestation) {
  // `true` is the simulator's device, which opens nothing until it connects.
  const customTpm = new tss.Tpm(true);
  customTpm.device = tssDevice(attestation);
  return new tpm.TpmSecurityClient(registrationId, customTpm);
}

export function securityClient({ registrationId, attestation }) {
  if (attestation.type === "tpm") return tpmSecurityClient(registrationId, attestation);
  if (attestation.type === "symmetricKey") {
    return new symmetricKey.SymmetricKeySecurityClient(registrationId, attestation.key);
  }
  return new x509.X509Security(registrationId, { cert: attestation.cert, key: attestation.key });
}
