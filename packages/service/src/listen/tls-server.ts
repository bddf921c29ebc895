import { constants } from "node:crypto";
import type { Server as HttpsServer } from "node:https";
import type { Socket } from "node:net";
import type { SecureContextOptions, Server, TLSSocket, TlsOptions } from "node:tls";
import type { AttemptLog, Clock } from "@rollcall/engine";
import { type ClientConnection, finding, type Transport } from "@rollcall/protocol";
import { type AcceptedSocket, acceptSocket, clientConnection } from "./client-connection.js";
import { handshakeFailure, LEFT_AFTER_HANDSHAKE } from "./handshake-failure.js";

/** The certificate that devices see, with the CA left out, and its key; PEM. */
export interface ServerIdentity {
  readonly chainPem: string;
  readonly privateKeyPem: string;
}

/** The options that have to be set again when the certificate is renewed. */
export function secureContextOptions(identity: ServerIdentity): SecureContextOptions & { ca: [] } {
  return {
    cert: identity.chainPem,
    key: identity.privateKeyPem,
    // No CAs: OpenSSL would complete a device's chain from them, and hide that the device forgot an intermediate.
    ca: [],
    minVersion: "TLSv1.2",
    // A resumed session has only the leaf, not the chain. Without tickets and without a session cache, no session is
    // resumed.
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
}

const HANDSHAKE_TIMEOUT_MS = 30_000;

/** Options of every device listener. */
export function tlsServerOptions(identity: ServerIdentity): TlsOptions {
  return {
    ...secureContextOptions(identity),
    requestCert: true,
    rejectUnauthorized: false,
    // Present and empty: node:https would otherwise offer http/1.1, and refuse clients that offer only other protocols.
    ALPNProtocols: [],
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    // PUBACK and reply are two small writes: with Nagle's algorithm the second waits 40 ms.
    noDelay: true,
  };
}

export interface WatchOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly attempts: AttemptLog;
  onSecure(socket: TLSSocket, connection: ClientConnection): void;
}

/** The sockets of one server, from accept to close. */
export interface WatchedServer {
  readonly server: Server | HttpsServer;
  /** Every accepted socket. After the handshake its TLS socket takes its place. */
  readonly sockets: ReadonlySet<Socket>;
}

interface Tracked extends AcceptedSocket {
  readonly socket: Socket;
  secured: boolean;
  error?: NodeJS.ErrnoException;
}

/**
 * Follows every socket of a TLS server: records which clients connected, which finished the handshake, and why others
 * left.
 */
export function watchServer(server: Server | HttpsServer, options: WatchOptions): WatchedServer {
  const { clock, attempts, transport } = options;
  const sockets = new Set<Socket>();
  // By address and port of the peer: Node does not say which TLS socket belongs to which accepted one.
  const tracked = new Map<string, Tracked>();
  const left = (accepted: AcceptedSocket, reason: string, securedAt?: number) => {
    const { remote, acceptedAt } = accepted;
    const attempt = attempts.begin({
      at: "service",
      registrationId: "",
      transport,
      remote,
      acceptedAt,
      ...(securedAt !== undefined && { securedAt }),
    });
    attempt.outcome = "abandoned";
    attempt.add(finding("tls.clientLeft", { values: { reason } }));
  };

  server.on("connection", (socket: Socket) => {
    const accepted: Tracked = { ...acceptSocket(socket, clock()), socket, secured: false };
    sockets.add(socket);
    tracked.set(accepted.remote, accepted);
    socket.once("close", () => {
      sockets.delete(socket);
      if (tracked.get(accepted.remote) === accepted) tracked.delete(accepted.remote);
      // A socket that never sent anything is a port scan or a health check, not a device.
      if (!accepted.secured && socket.bytesRead > 0) left(accepted, handshakeFailure(accepted.error));
    });
  });
  server.on("tlsClientError", (error: NodeJS.ErrnoException, socket: TLSSocket) => {
    const accepted = tracked.get(acceptSocket(socket, 0).remote);
    if (accepted) accepted.error = error;
  });
  // First in line, so that the connection is known before any other listener sees the socket.
  server.prependListener("secureConnection", (socket: TLSSocket) => {
    const { remote } = acceptSocket(socket, 0);
    const accepted = tracked.get(remote);
    if (!accepted) return void socket.destroy();
    accepted.secured = true;
    sockets.delete(accepted.socket);
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    const { acceptedAt, loopback } = accepted;
    const securedAt = clock();
    // A socket without a listener for its errors takes the process down with it.
    socket.on("error", () => undefined);
    socket.once("end", () => {
      if (socket.bytesRead === 0 && !socket.writableEnded) left(accepted, LEFT_AFTER_HANDSHAKE, securedAt);
    });
    options.onSecure(socket, clientConnection(socket, { acceptedAt, securedAt, remote, loopback, transport }));
  });
  return { server, sockets };
}
