import type { AttestationKind } from "@rollcall/protocol";

export type Awaitable<T> = T | Promise<T>;

/** The TPM functions that a device needs; `TpmClient` of tpm-js-sim implements them. Keys are TPM2B_PUBLIC bytes. */
export interface DeviceTpm {
  endorsementKey(): Awaitable<Uint8Array>;
  storageRootKey(): Awaitable<Uint8Array>;
  /** Takes the key out of a service's `authenticationKey`, in order to sign with it. */
  activateIdentityKey(blob: Uint8Array): Awaitable<void>;
  /** HMAC-SHA256 with the key that was activated last. */
  sign(data: Uint8Array): Awaitable<Uint8Array>;
}

/** The identity of a device, by kind. */
interface DeviceIdentities {
  readonly x509: {
    readonly kind: "x509";
    /** The chain exactly as it is presented: leaf first, PEM blocks one after the other. */
    readonly certificatePem: string;
    readonly keyPem: string;
  };
  readonly symmetricKey: {
    readonly kind: "symmetricKey";
    /** base64; for a group, the device's derived key (`deriveDeviceKey` of the protocol package). */
    readonly key: string;
  };
  readonly tpm: { readonly kind: "tpm"; readonly tpm: DeviceTpm };
}

/**
 * How a device proves its identity, at the provisioning service and then at its hub. `K` names kinds; the default is
 * all.
 */
export type DeviceIdentity<K extends AttestationKind = AttestationKind> = DeviceIdentities[K];

/** A key or certificate that cannot be used: an error of the caller, not of the service. */
export class InvalidIdentityError extends Error {
  override readonly name = "InvalidIdentityError";
}
