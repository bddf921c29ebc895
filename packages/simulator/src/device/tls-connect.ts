import { isIP } from "node:net";
import { type ConnectionOptions, connect, createSecureContext, type SecureContext, type TLSSocket } from "node:tls";
import { type DeviceIdentity, InvalidIdentityError } from "../attestation/proving/identity.js";
import { provings } from "../attestation/provings.js";
import type { Exchange } from "./exchange.js";
import type { ExchangeOptions } from "./options.js";
import { NoAnswerError } from "./result.js";

export interface TlsTarget {
  readonly host: string;
  readonly port: number;
  readonly context: SecureContext;
  readonly signal: AbortSignal;
}

/**
 * The TLS context of a device: the CA that it trusts and, with X.509, the chain that it presents; the shared context
 * when it presents no chain. The chain is sent as it is in the PEM: OpenSSL completes it from `ca` only if the PEM has
 * the leaf alone and `ca` has its issuer, so `ca` must be the server's CA, not the fleet's.
 * @throws InvalidIdentityError for a certificate or key that cannot be used
 */
export function deviceContext(
  ca: string,
  identity: DeviceIdentity,
  { secureContext }: Pick<ExchangeOptions, "secureContext">,
): SecureContext {
  const proving = provings[identity.kind];
  if (!proving.handshake) return secureContext ?? createSecureContext({ ca, minVersion: "TLSv1.2" });
  try {
    return createSecureContext({ ca, ...proving.handshake(identity), minVersion: "TLSv1.2" });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new InvalidIdentityError(`the certificate and key of this device cannot be used: ${reason}`, { cause });
  }
}

/** For an address, no server name is sent (RFC 6066), and the certificate is checked against the address itself. */
function serverName(host: string): { servername?: string } {
  return isIP(host) === 0 ? { servername: host } : {};
}

/** Opens TCP and TLS and verifies the server's certificate and name. The socket belongs to the caller. */
export function connectTls({ host, port, context, signal }: TlsTarget): Promise<TLSSocket> {
  signal.throwIfAborted();
  const options: ConnectionOptions = { host, port, secureContext: context, ...serverName(host) };
  return new Promise((resolve, reject) => {
    const socket = connect(options);
    socket.setNoDelay(true);
    const onAbort = (): void => {
      socket.destroy();
      reject(new NoAnswerError("aborted", { cause: signal.reason }));
    };
    signal.addEventListener("abort", onAbort, { once: true });
    const settle = (): void => signal.removeEventListener("abort", onAbort);
    // This listener is never removed: a later error without a listener would end the process.
    socket.on("error", (error) => {
      settle();
      socket.destroy();
      reject(new NoAnswerError(connectFailure(error, host, port), { cause: error }));
    });
    socket.once("close", () => {
      settle();
      reject(new NoAnswerError(`${host}:${port} closed the connection during the TLS handshake`));
    });
    socket.once("secureConnect", () => {
      settle();
      resolve(socket);
    });
  });
}

/** Opens a connection as soon as `pace` allows it, and times the wait separately from the handshake. */
export function inTurn(
  { timer }: Exchange,
  { pace }: ExchangeOptions,
  connect: () => Promise<TLSSocket>,
): Promise<TLSSocket> {
  if (pace === undefined) return timer.time("tls", connect);
  const asked = performance.now();
  return pace(() => {
    timer.add("turn", performance.now() - asked);
    return timer.time("tls", connect);
  });
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ENOTFOUND: "the name is unknown",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate does not chain to the given CA",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate does not chain to the given CA",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its certificate does not chain to the given CA",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate does not chain to the given CA",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for a different name",
  CERT_HAS_EXPIRED: "its certificate has expired",
};

/** A text about a failed connection, followed by the system's own message. */
function connectFailure(error: Error & { code?: string }, host: string, port: number): string {
  const reason = reasons[error.code ?? ""];
  return reason === undefined
    ? `connection to ${host}:${port} failed: ${error.message}`
    : `connection to ${host}:${port} failed: ${reason} (${error.message})`;
}
