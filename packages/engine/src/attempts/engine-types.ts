import type { ClientConnection, Reply, TurnedAway } from "@rollcall/protocol";
import type { Clock } from "../records/ports.js";
import type { Attempt } from "./attempt.js";
import type { AttemptLog } from "./attempt-log.js";

/**
 * How a device proves its identity: a token, the certificates of its TLS handshake, or nothing (a TPM's first request).
 */
export type Credentials = { readonly kind: "sas"; readonly token: string } | { readonly kind: "tls" };

/** The parts of every device request; the same over MQTT, WebSocket and HTTPS. */
export interface DeviceRequest {
  readonly idScope: string;
  /** Read from the connection (user name, path), never from the body. */
  readonly registrationId: string;
  readonly apiVersion: string | undefined;
  readonly credentials: Credentials;
  readonly connection: ClientConnection;
  /** Findings and steps of this request are noted here. */
  readonly attempt: Attempt;
}

/** The answer to a device that opens a connection. */
export type Admission =
  | { readonly kind: "admitted" }
  /** A TPM without a token may send one register request, which gets a challenge, and nothing else. */
  | { readonly kind: "challengeOnly" }
  | TurnedAway;

/**
 * The device provisioning service itself; it uses no sockets and no transports. No method rejects: an internal error is
 * answered as `unavailable` or `internal error`, noted in the attempt, and reported to `onFailure`.
 */
export interface Engine {
  readonly idScope: string;
  /** Decides whether a device may connect, before its first request. Refuses only what has to be refused this early. */
  admit(request: DeviceRequest): Promise<Admission>;
  /** `body` as received. */
  register(request: DeviceRequest & { readonly body: Uint8Array }): Promise<Reply>;
  operationStatus(request: DeviceRequest & { readonly operationId: string }): Promise<Reply>;
  /** Answers a request about software updates with an error, since the service offers no updates. */
  softwareUpdate(request: DeviceRequest): Promise<Reply>;
  lookUp(request: DeviceRequest & { readonly body: Uint8Array }): Promise<Reply>;
}

/** A request as a front end reads it: `Visit` or `SingleRequests` add the attempt. */
export type UnnotedRequest = Omit<DeviceRequest, "attempt">;

/** The parts that every front end needs. */
export interface FrontEndParts {
  readonly engine: Engine;
  readonly attempts: AttemptLog;
  readonly clock: Clock;
}
