export { TpmCommandError, type TpmSend } from "./call-tpm.js";
export { AuthenticationKeyError, TpmClient, type TpmClientOptions } from "./client.js";
export type { Random } from "./crypto.js";
export { type PcrBank, type PcrQuote, type QuoteInput, quotePcrs, readPcrs } from "./pcr-client.js";
export { generatedRsaKeys, pooledRsaKeys, type RsaKeySource, type SourcedRsaKey, seededRsaKeys } from "./rsa-keys.js";
export type { TpmKeyState, TpmState } from "./state.js";
export { hierarchies, persistentHandles } from "./tables/handles.js";
export { describeResponseCode } from "./tables/response-codes.js";
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
} from "./templates.js";
export {
  createTpm,
  type KnownKey,
  type KnownKeysInput,
  type PrepareOptions,
  prepareTpm,
  stateWithKeys,
  type TpmHints,
  type TpmOptions,
  type VirtualTpm,
} from "./virtual-tpm.js";
