import { constants } from "node:crypto";
import type { Server as HttpsServer } from "node:https";
import type { Socket } from "node:net";
import type { SecureContextOptions, Server, TLSSocket, TlsOptions } from "node:tls";
import type { AttemptLog, Clock } from "@rollcall/engine";
import type { ClientConnection, Finding, Transport } from "@rollcall/protocol";
import { certificateId } from "./certificate-id.js";
import { type AcceptedSocket, acceptSocket, clientConnection } from "./client-connection.js";
import { showFirstBytes } from "./first-bytes.js";
import { type HandshakeError, handshakeFailure, leftAfterHandshake } from "./handshake-failure.js";

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
  /** How long a client may take for the handshake; the server's `handshakeTimeout`. */
  readonly patienceMs?: number;
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
  error?: HandshakeError;
  /** Kept until the handshake is over. */
  first: Uint8Array;
  /** The registration id in the certificate of the client; empty until the handshake has shown it. */
  registrationId: string;
}

const NOTHING = new Uint8Array();

/** Notes in the log that a client left before it was served. */
function noteLeft(
  { attempts, transport }: WatchOptions,
  about: AcceptedSocket & { readonly registrationId: string; readonly securedAt?: number },
  findings: readonly Finding[],
): void {
  const { remote, acceptedAt, registrationId, securedAt } = about;
  const attempt = attempts.begin({
    at: "service",
    registrationId,
    transport,
    remote,
    acceptedAt,
    ...(securedAt !== undefined && { securedAt }),
  });
  attempt.outcome = "abandoned";
  for (const each of findings) attempt.add(each);
}

/** A client that finished the handshake and leaves before it says anything; at most one attempt a socket. */
function watchSecured(options: WatchOptions, socket: TLSSocket, connection: ClientConnection): void {
  let isNoted = false;
  const left = (error?: HandshakeError) => {
    if (isNoted || socket.bytesRead > 0 || socket.writableEnded) return;
    const agreed = { version: socket.getProtocol() ?? "TLS", cipher: socket.getCipher()?.name ?? "no cipher" };
    const found = leftAfterHandshake(agreed, error);
    if (!found) return;
    isNoted = true;
    noteLeft(options, { ...connection, registrationId: certificateId(connection.presented()[0]) }, [found]);
  };
  // A socket without a listener for its errors takes the process down with it.
  socket.on("error", left);
  socket.once("end", () => left());
}

/**
 * Follows every socket of a TLS server: records which clients connected, which finished the handshake, and why others
 * left.
 */
export function watchServer(server: Server | HttpsServer, options: WatchOptions): WatchedServer {
  const { clock, transport, patienceMs = HANDSHAKE_TIMEOUT_MS } = options;
  const sockets = new Set<Socket>();
  const tracked = new Map<Socket, Tracked>();
  const trackedOf = (socket: TLSSocket): Tracked | undefined => {
    // A cast: Node's types leave out the accepted socket, and the peer's address is gone once the peer has reset.
    const { _parent: accepted } = socket as { readonly _parent?: Socket };
    return accepted && tracked.get(accepted);
  };

  showFirstBytes(server, patienceMs, (socket) => {
    const facts = acceptSocket(socket, clock());
    const accepted: Tracked = { ...facts, socket, secured: false, first: NOTHING, registrationId: "" };
    sockets.add(socket);
    tracked.set(socket, accepted);
    const note = () => {
      tracked.delete(socket);
      // A socket that never sent anything is a port scan or a health check, not a device.
      if (accepted.secured || socket.bytesRead === 0) return;
      const { error, first } = accepted;
      noteLeft(options, accepted, handshakeFailure({ error, first, bytesWritten: socket.bytesWritten, patienceMs }));
    };
    socket.once("close", () => {
      sockets.delete(socket);
      // TLS reports an alert that came with the end of the connection a moment after the socket's close.
      if (accepted.secured || accepted.error) note();
      else setImmediate(note);
    });
    return (first) => {
      accepted.first = first;
    };
  });
  server.on("tlsClientError", (error: NodeJS.ErrnoException, socket: TLSSocket) => {
    const accepted = trackedOf(socket);
    if (!accepted) return;
    accepted.error = error;
    accepted.registrationId = certificateId(socket.getPeerX509Certificate()?.raw);
  });
  // First in line, so that the connection is known before any other listener sees the socket.
  server.prependListener("secureConnection", (socket: TLSSocket) => {
    const accepted = trackedOf(socket);
    // A client that reset right after its last handshake message has no address any more. Node tells nobody of that reset:
    // without this, the socket would stay open for good.
    if (!accepted || socket.remoteAddress === undefined) return void socket.destroy();
    accepted.secured = true;
    accepted.first = NOTHING;
    sockets.delete(accepted.socket);
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    const { acceptedAt, remote, loopback } = accepted;
    const securedAt = clock();
    const connection = clientConnection(socket, { acceptedAt, securedAt, remote, loopback, transport });
    watchSecured(options, socket, connection);
    options.onSecure(socket, connection);
  });
  return { server, sockets };
}
