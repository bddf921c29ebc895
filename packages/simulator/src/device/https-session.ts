import type { ClientRequest, IncomingMessage } from "node:http";
import { Agent, request } from "node:https";
import type { TLSSocket } from "node:tls";
import { NoAnswerError } from "./result.js";

export interface HttpsSessionOptions {
  readonly host: string;
  readonly port: number;
  readonly signal: AbortSignal;
  /** Opens TCP and TLS. */
  readonly connect: () => Promise<TLSSocket>;
}

export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface HttpReply {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

/** More than the largest reply of a provisioning service. */
const maxReplyBytes = 1024 * 1024;

/** The HTTPS connection of one device: opened by `ready`, kept alive between requests, closed by `close`. */
export class HttpsSession {
  readonly #options: HttpsSessionOptions;
  readonly #agent: Agent;
  #socket: TLSSocket | undefined;

  constructor(options: HttpsSessionOptions) {
    this.#options = options;
    this.#agent = new Agent({ keepAlive: true, maxSockets: 1 });
    // Our own sockets instead of the agent's: they are opened before the request, so that handshake and request are
    // timed separately, and their TLS sessions are never resumed (a resumed session would omit the device's
    // certificates).
    Object.assign(this.#agent, { createConnection: () => this.#socket });
  }

  /** Opens the connection, unless it is open. */
  async ready(): Promise<void> {
    if (this.#socket === undefined || this.#socket.destroyed) this.#socket = await this.#options.connect();
  }

  close(): void {
    this.#agent.destroy();
    this.#socket?.destroy();
  }

  /**
   * Sends a request; sends it again if the server closed the idle connection meanwhile (every request here may be
   * repeated).
   */
  async send(message: HttpRequest): Promise<HttpReply> {
    try {
      return await this.#sendOnce(message);
    } catch (error) {
      if (!(error instanceof StaleConnectionError)) throw error;
      return await this.#sendOnce(message);
    }
  }

  async #sendOnce({ method, path, headers, body }: HttpRequest): Promise<HttpReply> {
    await this.ready();
    const { host, port, signal } = this.#options;
    const sized = body === undefined ? headers : { ...headers, "content-length": String(Buffer.byteLength(body)) };
    const call = request({ host, port, method, path, headers: sized, agent: this.#agent, signal });
    const reply = replyTo(call, `${host}:${port}`);
    call.end(body);
    return reply;
  }
}

/** The server closed an idle connection while a request was being sent. */
class StaleConnectionError extends NoAnswerError {}

function replyTo(call: ClientRequest, peer: string): Promise<HttpReply> {
  return new Promise((resolve, reject) => {
    call.on("error", (error: Error & { code?: string }) => {
      const Kind = call.reusedSocket && error.code === "ECONNRESET" ? StaleConnectionError : NoAnswerError;
      reject(new Kind(`connection to ${peer} was lost: ${error.message}`, { cause: error }));
    });
    call.on("response", (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > maxReplyBytes) call.destroy(new Error(`its reply is larger than ${maxReplyBytes} bytes`));
        else chunks.push(chunk);
      });
      response.on("error", (error) =>
        reject(new NoAnswerError(`the reply of ${peer} was cut short: ${error.message}`)),
      );
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
  });
}
