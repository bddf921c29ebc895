import type { RefusalReason } from "./facts/admission.js";
import type { Finding } from "./findings/finding.js";
import type { Transport } from "./transports.js";

/**
 * What the front ends know of the socket behind a request; made by the listener that accepted it.
 * `presented` reads the certificates exactly as the device sent them, leaf first, DER; empty when it sent none. It is
 * read from the handshake at most once and only when asked for: it costs more than the rest of a registration.
 */
export interface ClientConnection {
  /** Milliseconds since 1970 at TCP accept. */
  readonly acceptedAt: number;
  /** Milliseconds since 1970 when the handshake was done. */
  readonly securedAt: number;
  readonly transport: Transport;
  /** `address:port` of the peer. */
  readonly remote: string;
  /** Name asked for in the handshake (SNI); absent for an address. */
  readonly serverName?: string;
  readonly loopback: boolean;
  presented(): readonly Uint8Array[];
}

/** A connection that the service or a hub turned away: why, and what was found. */
export interface TurnedAway {
  readonly kind: "refused";
  readonly reason: RefusalReason;
  readonly findings: readonly Finding[];
}
