import { createServer, type Server, type Socket } from "node:net";
import type { VirtualTpm } from "../virtual-tpm.js";
import { readWire, type WireAction } from "./simulator-wire.js";

/** The port of each protocol; 0 takes a free one. A protocol without a port is not served. */
export interface ServeOptions {
  readonly tpm: VirtualTpm;
  /** 127.0.0.1 by default: any client that reaches these ports controls the TPM */
  readonly host?: string;
  /** Microsoft simulator protocol, commands. 2321 is usual */
  readonly port?: number;
  /** Microsoft simulator protocol, platform: clients take the command port plus one */
  readonly platformPort?: number;
  /** the user-mode resource manager's form, as the Node SDK looks for on 2323 */
  readonly rmPort?: number;
  /** called after anything that may have changed the TPM, before it is answered. A state on disk is written here */
  readonly onChange?: (tpm: VirtualTpm) => void;
  /**
   * called with the error that `onChange` threw; the client's connection ends without an answer. Without it the process
   * fails
   */
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

/** @returns false when the change could not be saved: no client may learn of it then */
function saveChange({ tpm, onChange, onError }: ServeOptions): boolean {
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

/** Performs the action of one message. @returns the answer, or undefined to end the connection */
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
      if (!saveChange(options)) return undefined;
      if (action.bare) return response;
      const length = Buffer.alloc(4);
      length.writeUInt32BE(response.length);
      return Buffer.concat([length, response, Buffer.alloc(4)]);
    }
  }
  return saveChange(options) ? Buffer.alloc(4) : undefined;
}

/** Answers the messages of a connection one after another; while one is being worked on, nothing more is read. */
async function attend(socket: Socket, form: Form, options: ServeOptions): Promise<void> {
  let received = Buffer.alloc(0);
  let ended = false;
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    // Leaving the loop would destroy the socket, and answers that are still being sent.
    if (ended) continue;
    received = Buffer.concat([received, chunk]);
    for (let message = readWire(form, received); message && !ended; message = readWire(form, received)) {
      received = received.subarray(message.length);
      const answer = await perform(options, message.action);
      ended = answer === undefined;
      // Each answer is a separate write: tss.js looks at the length of the first chunk that it gets.
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
      // A client may disconnect at any time, which is not our fault; `close` follows.
      socket.on("error", () => undefined);
      attend(socket, form, options).catch(() => socket.destroy());
    });
    const boundPort = await listen(server, port, host);
    servers.push(server);
    return boundPort;
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
