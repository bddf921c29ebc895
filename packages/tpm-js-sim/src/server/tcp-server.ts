import { createServer, type Server, type Socket } from "node:net";
import type { VirtualTpm } from "../virtual-tpm.js";
import { readWire, type WireAction } from "./simulator-wire.js";

/** Which port carries what; 0 takes a free one. A part that is left out is not served. */
export interface ServeOptions {
  readonly tpm: VirtualTpm;
  /** 127.0.0.1 by default: whoever reaches these ports owns the TPM */
  readonly host?: string;
  /** Microsoft simulator protocol, commands. 2321 is usual */
  readonly port?: number;
  /** Microsoft simulator protocol, platform: clients take the command port plus one */
  readonly platformPort?: number;
  /** the user-mode resource manager's form, as the Node SDK looks for on 2323 */
  readonly rmPort?: number;
  /** called after anything that may have changed the TPM; whoever keeps its state on disk does so here */
  readonly onChange?: (tpm: VirtualTpm) => void;
  /** given what `onChange` threw, once the client's connection has ended without an answer; without it the process fails */
  readonly onError?: (error: unknown) => void;
}

/** A TPM on sockets. */
export interface TpmServer {
  readonly ports: {
    readonly port: number | undefined;
    readonly platformPort: number | undefined;
    readonly rmPort: number | undefined;
  };
  /** Ends every connection and frees the ports. */
  close(): Promise<void>;
}

type Form = "command" | "platform" | "resourceManager";

/** @returns false when the change could not be kept: then nobody may hear that it happened */
function keeps({ tpm, onChange, onError }: ServeOptions): boolean {
  try {
    onChange?.(tpm);
    return true;
  } catch (error) {
    if (onError === undefined) {
      queueMicrotask(() => {
        throw error;
      });
    } else onError(error);
    return false;
  }
}

/** Does what one message asks for. @returns what to answer, or undefined to end the connection */
async function perform(options: ServeOptions, action: WireAction): Promise<Buffer | undefined> {
  const { tpm } = options;
  switch (action.do) {
    case "close":
      return undefined;
    case "answer":
      return action.bytes;
    case "powerOn":
      tpm.powerOn();
      break;
    case "powerOff":
      tpm.powerOff();
      break;
    case "reset":
      tpm.powerOff();
      tpm.powerOn();
      break;
    case "command": {
      const response = await tpm.sendAsync(action.command);
      if (!keeps(options)) return undefined;
      if (action.bare) return response;
      const length = Buffer.alloc(4);
      length.writeUInt32BE(response.length);
      return Buffer.concat([length, response, Buffer.alloc(4)]);
    }
  }
  return keeps(options) ? Buffer.alloc(4) : undefined;
}

/** Answers the messages of a connection one after another; while one is being worked on, nothing more is read. */
async function attend(socket: Socket, form: Form, options: ServeOptions): Promise<void> {
  let received = Buffer.alloc(0);
  let ended = false;
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    // To leave the loop would destroy the socket, with answers that are still on their way.
    if (ended) continue;
    received = Buffer.concat([received, chunk]);
    for (let message = readWire(form, received); message && !ended; message = readWire(form, received)) {
      received = received.subarray(message.length);
      const answer = await perform(options, message.action);
      ended = answer === undefined;
      // Each answer is a write of its own: tss.js looks at the length of the first chunk it gets.
      if (answer === undefined) socket.end();
      else socket.write(answer);
    }
  }
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}

/**
 * Serves a TPM on sockets until it is closed. Connections may come and go; the TPM stays as it is.
 * @throws Error of node:net when a port is taken
 */
export async function serveTpm(options: ServeOptions): Promise<TpmServer> {
  const { host = "127.0.0.1" } = options;
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
  };
  const open = async (form: Form, port: number | undefined): Promise<number | undefined> => {
    if (port === undefined) return undefined;
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
      socket.setNoDelay(true);
      // A client that goes away in the middle of something is no fault of ours; `close` follows.
      socket.on("error", () => undefined);
      attend(socket, form, options).catch(() => socket.destroy());
    });
    const taken = await listen(server, port, host);
    servers.push(server);
    return taken;
  };
  try {
    const port = await open("command", options.port);
    const platformPort = await open("platform", options.platformPort);
    const rmPort = await open("resourceManager", options.rmPort);
    return { ports: { port, platformPort, rmPort }, close };
  } catch (error) {
    await close();
    throw error;
  }
}
