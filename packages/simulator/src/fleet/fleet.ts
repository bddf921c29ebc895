import type { AllocationPolicy, AttestationKind, Json, JsonObject, Transport } from "@rollcall/protocol";
import type { FleetAttestation } from "../attestation/proving/fleet-types.js";
import type { DeviceIdentity } from "../attestation/proving/identity.js";
import type { Expectation } from "../report/report-types.js";

/** An enrollment, or enrollment group, that a service needs before the fleet can register. */
export interface FleetEnrollment {
  readonly kind: "individual" | "group";
  readonly id: string;
  readonly attestation: FleetAttestation;
  readonly disabled: boolean;
  readonly desired: JsonObject;
  readonly tags: JsonObject;
  readonly allocationPolicy?: AllocationPolicy;
  /** For the policy `custom`. */
  readonly webhookUrl?: string;
  readonly iotHubs: readonly string[];
}

/** One simulated device, ready to run. */
export interface FleetDevice {
  /** Index in the fleet, from 0. */
  readonly index: number;
  readonly registrationId: string;
  readonly group: string;
  readonly attestation: AttestationKind;
  readonly transport: Transport;
  readonly identity: DeviceIdentity;
  readonly payload?: Json;
  /** The desired properties in its enrollment. */
  readonly desired: JsonObject;
  readonly expect: Expectation;
  /** 0 to 1, from (seed, index): the device's start within the fleet's time of arrival. */
  readonly startFraction: number;
}

/** A fleet file with all its credentials: the same file gives the same fleet on any machine. */
export interface Fleet {
  readonly name: string;
  readonly devices: readonly FleetDevice[];
  readonly enrollments: readonly FleetEnrollment[];
}
