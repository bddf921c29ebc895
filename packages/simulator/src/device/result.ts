import type { DeviceRegistrationResult } from "@rollcall/protocol";
import type { Phase, PhaseTimes } from "./phases.js";

/** A successful registration, with hub and device id. */
export type AssignedState = DeviceRegistrationResult & { readonly assignedHub: string; readonly deviceId: string };

/** The service refused the request, with a reason that a device can read. */
export interface Refusal {
  readonly outcome: "refused";
  /** HTTP status, or the status in the reply topic; for a CONNACK, the most similar of these. */
  readonly status: number;
  /** Return code of a refusing CONNACK: MQTT 3.1.1 has no further reason. */
  readonly connack?: number;
  readonly errorCode?: number;
  readonly trackingId?: string;
  readonly message: string;
}

/** There was no answer, or it was unreadable. */
export interface Unreachable {
  readonly outcome: "unreachable";
  /** The phase in which the exchange failed. */
  readonly during: Phase;
  readonly cause: Error;
}

/** The outcome of a registration. */
export type RegisterResult = { readonly phases: PhaseTimes } & (
  | { readonly outcome: "assigned"; readonly registrationState: AssignedState }
  | Refusal
  | Unreachable
);

/** Ends an exchange that the service refused; `runExchange` turns it into a {@link Refusal}. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
  readonly refusal: Refusal;
  constructor(refusal: Omit<Refusal, "outcome">) {
    super(refusal.message);
    this.refusal = { outcome: "refused", ...refusal };
  }
}

/** Ends an exchange without a usable answer; `runExchange` turns it into an {@link Unreachable}. */
export class NoAnswerError extends Error {
  override readonly name = "NoAnswerError";
}
