import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { AllocationRequest } from "@rollcall/protocol";

/** One call as the webhook received it. */
export interface ReceivedCall {
  readonly method: string | undefined;
  /** With its query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly body: AllocationRequest;
}

type Answer = (response: ServerResponse, call: ReceivedCall) => void;

/** An allocation webhook on loopback, with an answer per path. */
export interface WebhookServer extends AsyncDisposable {
  readonly origin: string;
  /** All calls of a path, oldest first. */
  calls(path: string): readonly ReceivedCall[];
  on(path: string, answer: Answer): void;
  /** Connections that are open. */
  readonly connections: number;
}

/** Listens on a free port; over https with the certificate and the key in `pem`. */
export async function startWebhook({ pem }: { readonly pem?: string } = {}): Promise<WebhookServer> {
  const answers = new Map<string, Answer>();
  const received = new Map<string, ReceivedCall[]>();
  const sockets = new Set<Socket>();
  const server = pem === undefined ? createServer() : createSecureServer({ key: pem, cert: pem });
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("request", (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const text = Buffer.concat(chunks).toString();
      const { method, headers, url = "" } = request;
      const call = { method, url, headers, text, body: JSON.parse(text) as AllocationRequest };
      const [path = ""] = url.split("?");
      received.set(path, [...(received.get(path) ?? []), call]);
      const answer = answers.get(path);
      if (answer) answer(response, call);
      else response.writeHead(404).end("no such function");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    origin: `${pem === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    calls: (path) => received.get(path) ?? [],
    on: (path, answer) => answers.set(path, answer),
    get connections() {
      return sockets.size;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      if (server.listening) await once(server, "close");
    },
  };
}

/** An answer of JSON, with status 200. */
export function json(value: unknown): Answer {
  return (response) => {
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
  };
}

/** An answer with any status, body and headers. */
export function text(status: number, body: string | Buffer, headers: Readonly<Record<string, string>> = {}): Answer {
  return (response) => {
    response.writeHead(status, headers).end(body);
  };
}
