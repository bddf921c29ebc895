import type { SecureContext } from "node:tls";
import type { Json, Transport } from "@rollcall/protocol";
import type { DeviceIdentity } from "../attestation/proving/identity.js";
import type { Phase } from "./phases.js";

/** A provisioning service, from a device's point of view. */
export interface RegistrationTarget {
  readonly host: string;
  /** 8883 for mqtt, 443 for mqtt-ws and http. */
  readonly port?: number;
  readonly idScope: string;
  /** PEM of the CA to which the server's certificate must chain; it is always verified. */
  readonly ca: string;
}

/** The options of every exchange with a service. */
export interface ExchangeOptions {
  /** Time limit of the whole exchange, in milliseconds. */
  readonly timeout: number;
  /** Ends the exchange and closes its sockets; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  readonly onPhase?: (phase: Phase, milliseconds: number) => void;
  /** Milliseconds since 1970, for the dates of tokens. */
  readonly now?: () => number;
  /** Runs each TCP and TLS handshake as soon as there is a free place: a fleet limits simultaneous handshakes. */
  readonly pace?: <T>(connect: () => Promise<T>) => Promise<T>;
  /** Made of `ca` once, for many devices without a certificate: each context costs over a millisecond. */
  readonly secureContext?: SecureContext;
}

export interface RegisterOptions extends ExchangeOptions {
  readonly target: RegistrationTarget;
  readonly registrationId: string;
  readonly identity: DeviceIdentity;
  readonly transport: Transport;
  /** Passed to a custom allocation webhook. */
  readonly payload?: Json;
  readonly apiVersion?: string;
}
