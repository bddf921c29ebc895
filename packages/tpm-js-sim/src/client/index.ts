/** The device's side of attestation, over any TPM: the entry point `tpm-js-sim/client`. */

export {
  devicePrimaries,
  eccDevicePrimaries,
  eccEkTemplate,
  eccSrkTemplate,
  ekTemplate,
  type PrimaryTemplate,
  paddedEkTemplate,
  registrationIdOf,
  srkTemplate,
} from "../keys/templates.js";
export { hierarchies, persistentHandles } from "../tables/handles.js";
export { describeResponseCode } from "../tables/response-codes.js";
export { TpmCommandError, type TpmSend } from "./call-tpm.js";
export { AuthenticationKeyError, TpmClient, type TpmClientOptions } from "./client.js";
export { type PcrBank, type PcrQuote, type QuoteInput, quotePcrs, readPcrs } from "./pcr-client.js";
