import type { ClientConnection, Finding, Reply } from "@rollcall/protocol";
import type { Attempt } from "./attempt.js";

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

/** The answer to an MQTT CONNECT. */
export type Admission =
  | { readonly kind: "admitted" }
  /** TPM over MQTT: one register request for a challenge, nothing else. */
  | { readonly kind: "challengeOnly" }
  | { readonly kind: "refused"; readonly connack: 2 | 3 | 4 | 5; readonly finding: Finding };

/** The device provisioning service itself; knows no sockets. No method rejects because of what a device sent. */
export interface Engine {
  readonly idScope: string;
  /** Decides a CONNECT: only what must be refused there is refused there. */
  admit(request: DeviceRequest): Promise<Admission>;
  /** `body` as received. */
  register(request: DeviceRequest & { readonly body: Uint8Array }): Promise<Reply>;
  operationStatus(request: DeviceRequest & { readonly operationId: string }): Promise<Reply>;
  lookUp(request: DeviceRequest & { readonly body: Uint8Array }): Promise<Reply>;
}
