import type { DeviceIdentity } from "@rollcall/simulator";

/** An identity, and the way to keep what it learned: a TPM holds its hub key from the registration on. */
export interface ReadIdentity {
  readonly identity: DeviceIdentity;
  save(): Promise<void>;
}
