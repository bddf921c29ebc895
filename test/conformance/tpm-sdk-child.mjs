import { createRequire } from "node:module";
import { createTpm } from "tpm-js-sim";
import { sendDevice } from "./tss-devices.mjs";

// The SDK runs in a process of its own, since it throws an uncatchable error when the TPM refuses a command.
// argv: base64 of a TPM state as JSON, base64 of an authentication key. Prints "command code" for each answer.
const require = createRequire(import.meta.url);
// The same tss.js that the SDK loads, in any folder of npm.
const ofSdk = createRequire(require.resolve("azure-iot-security-tpm"));
const tss = ofSdk("tss.js");
const { TpmSecurityClient } = require("azure-iot-security-tpm");

const [state, authenticationKey] = process.argv.slice(2).map((text) => Buffer.from(text, "base64"));
const virtual = createTpm({ state: JSON.parse(state.toString()) });
const tpm = new tss.Tpm(true);
tpm.device = sendDevice((command) => {
  const response = virtual.send(command);
  console.log(command.readUInt32BE(6).toString(16), response.readUInt32BE(6).toString(16));
  return response;
});
new TpmSecurityClient(undefined, tpm).activateIdentityKey(authenticationKey, (error) => {
  console.log("callback", error ? error.constructor.name : "ok");
});
