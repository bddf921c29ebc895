import { randomUUID } from "node:crypto";
import { Server as HttpServer, type IncomingMessage, type RequestListener } from "node:http";
import { Server as HttpsServer } from "node:https";
import type { Server, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type TLSSocket, Server as TlsServer } from "node:tls";
import { answerClientError, answerExpectation, deviceServerOptions, managementServerOptions } from "@rollcall/api";
import type { AttemptLog, Clock } from "@rollcall/engine";
import type { ClientConnection, Transport } from "@rollcall/protocol";
import { closeServer, type Listening, type ListenPlan, listen } from "./listen.js";
import { type ServerIdentity, secureContextOptions, tlsServerOptions, watchServer } from "./tls-server.js";

export interface ListenersOptions {
  readonly identity: ServerIdentity;
  readonly clock: Clock;
  readonly attempts: AttemptLog;
}

/** The handlers of the HTTPS listener. */
export interface HttpsHandlers {
  request: RequestListener;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, connection: ClientConnection): void;
}

type Where = Omit<ListenPlan, "create">;

/** How long `close` waits for clients to finish before it cuts them off. */
const GRACE_MS = 2_000;

/** All listeners of the service, and all sockets that they accepted. */
export class Listeners {
  readonly #options: ListenersOptions;
  #identity: ServerIdentity;
  readonly #servers = new Set<Server>();
  readonly #sockets: ReadonlySet<Socket>[] = [];
  readonly #connections = new WeakMap<Socket, ClientConnection>();
  /** Sockets of MQTT and WebSocket. Their conversations have no end of their own, so `close` ends them. */
  readonly #conversations = new WeakSet<Socket>();
  readonly #plain = new WeakSet<Socket>();
  #closed: Promise<unknown> | undefined;

  constructor(options: ListenersOptions) {
    this.#options = options;
    this.#identity = options.identity;
  }

  /** Listens for MQTT over TLS; returns the port. */
  async mqtt(where: Where, handle: (socket: TLSSocket, connection: ClientConnection) => void): Promise<number> {
    const create = () => this.#watch(new TlsServer(tlsServerOptions(this.#identity)), "mqtt", handle);
    return this.#keep(await listen({ ...where, create }));
  }

  /** Listens for HTTPS and WebSockets; returns the port. */
  async https(where: Where, handlers: HttpsHandlers): Promise<number> {
    const create = () => {
      const server = new HttpsServer({ ...tlsServerOptions(this.#identity), ...deviceServerOptions });
      this.#serveHttp(server, handlers.request);
      server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
        this.#conversations.add(socket);
        handlers.upgrade(request, socket, head, { ...this.connectionOf(socket), transport: "mqtt-ws" });
      });
      return this.#watch(server, "http");
    };
    return this.#keep(await listen({ ...where, create }));
  }

  /** Listens for plain HTTP; returns the port. */
  async http(where: Where, request: RequestListener): Promise<number> {
    const create = () => {
      const server = new HttpServer(managementServerOptions);
      this.#serveHttp(server, request);
      const sockets = new Set<Socket>();
      server.on("connection", (socket: Socket) => {
        sockets.add(socket);
        this.#plain.add(socket);
        socket.once("close", () => sockets.delete(socket));
      });
      this.#sockets.push(sockets);
      return server;
    };
    return this.#keep(await listen({ ...where, create }));
  }

  /** The connection behind the socket of an HTTPS request. */
  connectionOf(socket: Socket): ClientConnection {
    const connection = this.#connections.get(socket);
    if (!connection) throw new Error("a request came over a socket that no listener accepted");
    return connection;
  }

  /** Open sockets of devices, in the handshake or after it. */
  get connections(): number {
    const devices = this.#sockets.flatMap((sockets) => [...sockets]).filter((socket) => !this.#plain.has(socket));
    return devices.length;
  }

  /** From now on, new connections see this certificate. */
  renew(identity: ServerIdentity): void {
    this.#identity = identity;
    for (const server of this.#servers) {
      if (server instanceof TlsServer) server.setSecureContext(secureContextOptions(identity));
    }
  }

  /** Accepts no more connections. Existing connections stay. */
  stopListening(): void {
    this.#closed ??= Promise.all([...this.#servers].map((server) => closeServer(server)));
  }

  /**
   * Closes everything: ends idle sockets and conversations, lets HTTP requests be answered, and after two seconds
   * destroys the sockets that are left.
   */
  async close(): Promise<void> {
    this.stopListening();
    const open = () => this.#sockets.flatMap((sockets) => [...sockets]);
    for (const socket of open()) this.#sayGoodbye(socket);
    const sweep = setInterval(() => {
      for (const server of this.#servers)
        if (server instanceof HttpServer || server instanceof HttpsServer) server.closeIdleConnections();
    }, 20);
    const cut = setTimeout(() => {
      for (const socket of open()) socket.destroy();
    }, GRACE_MS);
    await this.#closed;
    clearInterval(sweep);
    clearTimeout(cut);
    // A server reports its close a moment before its last sockets do.
    await Promise.all(open().map((socket) => new Promise((resolve) => socket.once("close", resolve))));
  }

  #sayGoodbye(socket: Socket): void {
    const isSecured = this.#connections.has(socket);
    if (!isSecured && !this.#plain.has(socket)) socket.destroy();
    else if (this.#conversations.has(socket) || socket.bytesRead === 0) socket.end();
  }

  #serveHttp(server: Server, request: RequestListener): void {
    const about = () => ({ trackingId: randomUUID(), now: new Date(this.#options.clock()) });
    server.on("request", request);
    server.on("checkExpectation", answerExpectation(about));
    server.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex) => {
      answerClientError(error, socket, about());
    });
  }

  #watch<T extends TlsServer>(
    server: T,
    transport: Transport,
    handle?: (socket: TLSSocket, connection: ClientConnection) => void,
  ): T {
    const { clock, attempts } = this.#options;
    const onSecure = (socket: TLSSocket, connection: ClientConnection) => {
      this.#connections.set(socket, connection);
      if (!handle) return;
      this.#conversations.add(socket);
      handle(socket, connection);
    };
    this.#sockets.push(watchServer(server, { transport, clock, attempts, onSecure }).sockets);
    return server;
  }

  #keep({ port, servers }: Listening): number {
    for (const server of servers) this.#servers.add(server);
    return port;
  }
}
