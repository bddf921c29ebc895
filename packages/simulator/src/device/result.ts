import type { DeviceRegistrationResult } from "@rollcall/protocol";
import type { Phase, PhaseTimes } from "./phases.js";

/** A registration that ended well: hub and device id are there. */
export type AssignedState = DeviceRegistrationResult & { readonly assignedHub: string; readonly deviceId: string };

/** The service said no, in words that a device can read. */
export interface Refusal {
  readonly outcome: "refused";
  /** HTTP status or the one in the reply topic; for a CONNACK that refuses, the nearest of these. */
  readonly status: number;
  /** Return code of the CONNACK, when that was the refusal: MQTT 3.1.1 says no more than this number. */
  readonly connack?: number;
  readonly errorCode?: number;
  readonly trackingId?: string;
  readonly message: string;
}

/** No answer could be had, or none that means anything. */
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

/** Ends an exchange with the service's no; becomes a {@link Refusal} at the door. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
  readonly refusal: Refusal;
  constructor(refusal: Omit<Refusal, "outcome">) {
    super(refusal.message);
    this.refusal = { outcome: "refused", ...refusal };
  }
}

/** Ends an exchange that got no answer; becomes an {@link Unreachable} at the door. */
export class NoAnswerError extends Error {
  override readonly name = "NoAnswerError";
}
