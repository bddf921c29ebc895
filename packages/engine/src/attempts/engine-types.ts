import type { ClientConnection, Reply, TurnedAway } from "@rollcall/protocol";
import type { Clock } from "../records/ports.js";
import type { Attempt } from "./attempt.js";
import type { AttemptLog } from "./attempt-log.js";

/** How a device proves itself: a token, what stands in its TLS handshake, or nothing (a TPM's first request). */
export type Credentials = { readonly kind: "sas"; readonly token: string } | { readonly kind: "tls" };

/** What every device request has; the same over MQTT, WebSocket and HTTPS. */
export interface DeviceRequest {
  readonly idScope: string;
  /** From the connection (user name, path), never from the body. */
  readonly registrationId: string;
  readonly apiVersion: string | undefined;
  readonly credentials: Credentials;
  readonly connection: ClientConnection;
  /** Where findings and steps of this request are noted. */
  readonly attempt: Attempt;
}

/** The answer to a device that opens a connection. */
export type Admission =
  | { readonly kind: "admitted" }
  /** A TPM without a token: one register request for a challenge, nothing else. */
  | { readonly kind: "challengeOnly" }
  | TurnedAway;

/**
 * The device provisioning service itself; knows no sockets and no transports. No method rejects: a fault of ours is answered as
 * `unavailable` or `internal error`, stands in the attempt, and is told to `onFailure`.
 */
export interface Engine {
  readonly idScope: string;
  /** Decides whether a device may connect, before it asks anything: only what must be refused there is refused there. */
  admit(request: DeviceRequest): Promise<Admission>;
  /** `body` as received. */
  register(request: DeviceRequest & { readonly body: Uint8Array }): Promise<Reply>;
  operationStatus(request: DeviceRequest & { readonly operationId: string }): Promise<Reply>;
  /** Answers a request about software updates, of which there are none. */
  softwareUpdate(request: DeviceRequest): Promise<Reply>;
  lookUp(request: DeviceRequest & { readonly body: Uint8Array }): Promise<Reply>;
}

/** A request as a front end reads it: the attempt comes with `Visit` or `SingleRequests`. */
export type UnnotedRequest = Omit<DeviceRequest, "attempt">;

/** The parts that every front end works with. */
export interface FrontEndParts {
  readonly engine: Engine;
  readonly attempts: AttemptLog;
  readonly clock: Clock;
}
