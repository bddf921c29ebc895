/** The TPM itself. Its client is `tpm-js-sim/client`, the service's half of activation `tpm-js-sim/credential`. */
export type { Random } from "./crypto/crypto.js";
export {
  generatedRsaKeys,
  pooledRsaKeys,
  type RsaKeySource,
  type SourcedRsaKey,
  seededRsaKeys,
} from "./crypto/rsa-keys.js";
export type { TpmKeyState, TpmState } from "./memory/state.js";
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
