import { createRequire } from "node:module";
import type { TssDevice } from "./tss-devices.mjs";

const require = createRequire(import.meta.url);
/** The same tss.js that the SDK loads, in any folder of npm. */
const ofSdk = createRequire(require.resolve("azure-iot-security-tpm"));

type Done<T> = (error: Error | null, value: T) => void;

interface SecurityClient {
  getEndorsementKey(done: Done<Buffer>): void;
  getStorageRootKey(done: Done<Buffer>): void;
  getRegistrationId(done: Done<string>): void;
  activateIdentityKey(key: Buffer, done: Done<unknown>): void;
  signWithIdentity(data: Buffer, done: Done<Buffer>): void;
}

/** The unmodified `TpmSecurityClient`, each method as a promise. */
export interface SdkTpmClient {
  readonly client: SecurityClient;
  endorsementKey(): Promise<Buffer>;
  storageRootKey(): Promise<Buffer>;
  registrationId(): Promise<string>;
  activate(authenticationKey: Buffer): Promise<void>;
  sign(data: Buffer): Promise<Buffer>;
}

function called<T>(run: (done: Done<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => run((error, value) => (error ? reject(error) : resolve(value))));
}

/**
 * `azure-iot-security-tpm` over any TPM: its `customTpm` argument takes a `tss.Tpm`, whose `device` can be replaced
 * before it connects.
 */
export function sdkTpmClient(device: TssDevice): SdkTpmClient {
  // Neither package has types that fit `verbatimModuleSyntax`; the shapes above are those of their documentation.
  const tss = ofSdk("tss.js") as { Tpm: new (useSimulator: boolean) => { device: TssDevice } };
  const sdk = require("azure-iot-security-tpm") as {
    TpmSecurityClient: new (registrationId: string | undefined, tpm: object) => SecurityClient;
  };
  // `true` is the simulator's device, which opens nothing until it connects.
  const tpm = new tss.Tpm(true);
  tpm.device = device;
  return promisedClient(new sdk.TpmSecurityClient(undefined, tpm));
}

/** A security client of the SDK with a promise for each callback. */
export function promisedClient(client: SecurityClient): SdkTpmClient {
  return {
    client,
    endorsementKey: () => called((done) => client.getEndorsementKey(done)),
    storageRootKey: () => called((done) => client.getStorageRootKey(done)),
    registrationId: () => called((done) => client.getRegistrationId(done)),
    activate: async (authenticationKey) => {
      await called((done) => client.activateIdentityKey(authenticationKey, done));
    },
    sign: (data) => called((done) => client.signWithIdentity(data, done)),
  };
}
