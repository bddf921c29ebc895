import type { AttestationKind } from "@rollcall/protocol";

export type Awaitable<T> = T | Promise<T>;

/** What a device needs of its TPM; `TpmClient` of tpm-js-sim is one. Keys are TPM2B_PUBLIC bytes. */
export interface DeviceTpm {
  endorsementKey(): Awaitable<Uint8Array>;
  storageRootKey(): Awaitable<Uint8Array>;
  /** Takes the key inside a service's `authenticationKey`; it signs from then on. */
  activateIdentityKey(blob: Uint8Array): Awaitable<void>;
  /** HMAC-SHA256 with the key that was activated last. */
  sign(data: Uint8Array): Awaitable<Uint8Array>;
}

/** What a device of each kind has. */
interface DeviceIdentities {
  readonly x509: {
    readonly kind: "x509";
    /** The chain exactly as it is to be presented: leaf first, PEM blocks one after the other. */
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

/** How a device proves who it is, at the provisioning service and then at its hub. Of the kinds `K`, all where none is named. */
export type DeviceIdentity<K extends AttestationKind = AttestationKind> = DeviceIdentities[K];

/** A key or certificate that cannot be used: the caller's mistake, not the service's. */
export class InvalidIdentityError extends Error {
  override readonly name = "InvalidIdentityError";
}
