import type { DeviceRegistrationResult } from "@rollcall/protocol";
import type { Phase, PhaseTimes } from "./phases.js";

/** A registration that ended well: hub and device id are there. */
export type AssignedState = DeviceRegistrationResult & { readonly assignedHub: string; readonly deviceId: string };

/** The service said no, in words that a device can read. */
export interface Refusal {
  readonly outcome: "refused";
  /** HTTP status or the one in the reply topic; 401 for a CONNACK that refuses. */
  readonly status: number;
  /** Return code of the CONNACK, when that was the refusal: MQTT 3.1.1 says no more than this number. */
  readonly connack?: number;
  readonly errorCode?: number;
  readonly trackingId?: string;
  readonly message: string;
}

/** No answer could be had. */
export interface Unreachable {
  readonly outcome: "unreachable";
  /** What the device was doing. */
  readonly during: Phase;
  readonly cause: Error;
}

/** How a registration ended. */
export type RegisterResult = { readonly phases: PhaseTimes } & (
  | { readonly outcome: "assigned"; readonly registrationState: AssignedState }
  | Refusal
  | Unreachable
);

/** Thrown inside the device to end a registration early; becomes a {@link Refusal} at its door. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

/** Thrown inside the device when no answer can be had; becomes an {@link Unreachable} at its door. */
export class UnreachableError extends Error {
  override readonly name = "UnreachableError";
  readonly during: Phase;
  constructor(during: Phase, message: string, options?: ErrorOptions) {
    super(message, options);
    this.during = during;
  }
}
