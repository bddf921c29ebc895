import type { RefusalReason } from "../facts/admission.js";
import type { Transport } from "../facts/transports.js";
import type { Finding } from "../findings/finding.js";

/**
 * Facts about the socket of a request, from the listener that accepted it. `presented` returns the certificates exactly
 * as the device sent them, leaf first, DER; empty when it sent none. It reads the handshake only when called, and at
 * most once, since that costs more than the rest of a registration.
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

/** A connection that the service or a hub refused: the reason and the findings. */
export interface TurnedAway {
  readonly kind: "refused";
  readonly reason: RefusalReason;
  readonly findings: readonly Finding[];
}
