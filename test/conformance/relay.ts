import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A wire between a client and the service that a test can cut. Client and service each see a socket that is lost. */
export interface Relay extends AsyncDisposable {
  readonly port: number;
  /** Cuts every connection, and lets no new one through until `mend`. */
  cut(): void;
  mend(): void;
}

/** Listens on 127.0.0.1, on a free port for 0, and passes bytes on to a port of this machine. */
export async function startRelay(port: number, target: number): Promise<Relay> {
  const sockets = new Set<Socket>();
  let isCut = false;
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("error", () => undefined).once("close", () => sockets.delete(socket));
  };
  const server = createServer((client) => {
    if (isCut) return client.destroy();
    const service = connect({ host: "127.0.0.1", port: target });
    for (const [one, other] of [
      [client, service],
      [service, client],
    ] as const) {
      keep(one);
      one.pipe(other);
      one.once("close", () => other.destroy());
    }
    return undefined;
  });
  server.listen({ port, host: "127.0.0.1" });
  await once(server, "listening");
  const cut = () => {
    isCut = true;
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    mend() {
      isCut = false;
    },
    async [Symbol.asyncDispose]() {
      cut();
      server.close();
      await once(server, "close");
    },
  };
}
