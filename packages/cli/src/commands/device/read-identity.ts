import type { DeviceIdentity } from "@rollcall/simulator";

/** An identity, and how to save its state: a registration stores the hub key in the TPM. */
export interface ReadIdentity {
  readonly identity: DeviceIdentity;
  save(): Promise<void>;
}
