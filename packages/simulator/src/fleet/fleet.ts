import type { AllocationPolicy, AttestationKind, Json, JsonObject, Transport } from "@rollcall/protocol";
import type { DeviceIdentity } from "../device/identity.js";
import type { Expectation } from "../report/report-types.js";

/** How an enrollment of the fleet proves its devices. Keys are base64, certificates PEM. */
export type FleetAttestation =
  | { readonly type: "x509"; readonly signingCertificatePem: string }
  | { readonly type: "x509"; readonly clientCertificatePem: string }
  | { readonly type: "symmetricKey"; readonly primaryKey: string; readonly secondaryKey: string }
  | { readonly type: "tpm"; readonly endorsementKey: string };

/** An enrollment, or enrollment group, that a service needs before the fleet can register. */
export interface FleetEnrollment {
  readonly kind: "individual" | "group";
  readonly id: string;
  readonly attestation: FleetAttestation;
  readonly disabled: boolean;
  readonly desired: JsonObject;
  readonly tags: JsonObject;
  readonly allocationPolicy?: AllocationPolicy;
  /** Of the policy `custom`. */
  readonly webhookUrl?: string;
  readonly iotHubs: readonly string[];
}

/** One simulated device, ready to run. */
export interface FleetDevice {
  /** Place in the fleet, from 0. */
  readonly index: number;
  readonly registrationId: string;
  readonly group: string;
  readonly attestation: AttestationKind;
  readonly transport: Transport;
  readonly identity: DeviceIdentity;
  readonly payload?: Json;
  /** The desired properties that its enrollment prescribes. */
  readonly desired: JsonObject;
  readonly expect: Expectation;
  /** 0 to 1, from (seed, index): when within the fleet's arrival it starts. */
  readonly startFraction: number;
}

/** A fleet file made real: same file, same fleet, on any machine. */
export interface Fleet {
  readonly name: string;
  readonly devices: readonly FleetDevice[];
  readonly enrollments: readonly FleetEnrollment[];
}
