import type { SecureContext } from "node:tls";
import type { Json, Transport } from "@rollcall/protocol";
import type { DeviceIdentity } from "../attestation/proving/identity.js";
import type { Phase } from "./phases.js";

/** A provisioning service, as one device sees it. */
export interface RegistrationTarget {
  readonly host: string;
  /** 8883 for mqtt, 443 for mqtt-ws and http. */
  readonly port?: number;
  readonly idScope: string;
  /** PEM of what the server's certificate must chain to; always verified. */
  readonly ca: string;
}

/** What every exchange with a service takes. */
export interface ExchangeOptions {
  /** Milliseconds for the whole exchange. */
  readonly timeout: number;
  /** Ends the exchange at once, all sockets closed; the promise then rejects with its reason. */
  readonly signal?: AbortSignal;
  readonly onPhase?: (phase: Phase, milliseconds: number) => void;
  /** Milliseconds since 1970; dates the tokens. */
  readonly now?: () => number;
  /** Runs each TCP and TLS handshake when it may: a fleet bounds those in flight. */
  readonly pace?: <T>(connect: () => Promise<T>) => Promise<T>;
  /** Made of `ca` by the caller once for many devices without a certificate of their own: each costs over a millisecond. */
  readonly secureContext?: SecureContext;
}

export interface RegisterOptions extends ExchangeOptions {
  readonly target: RegistrationTarget;
  readonly registrationId: string;
  readonly identity: DeviceIdentity;
  readonly transport: Transport;
  /** Goes to a custom allocation webhook. */
  readonly payload?: Json;
  readonly apiVersion?: string;
}
