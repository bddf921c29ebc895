import { once } from "node:events";
import type { IncomingHttpHeaders } from "node:http";
import { request } from "node:https";
import { createRequire } from "node:module";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type ConnectionOptions, connect, type SecureContext, type TLSSocket } from "node:tls";
import { RawMqtt } from "./raw-mqtt.js";

// The broker's version of ws: the top of node_modules has an older one, from an Azure package.
const { createWebSocketStream, WebSocket } = createRequire(
  new URL("../../packages/broker/package.json", import.meta.url),
)("ws") as typeof import("ws");

/** The certificates that a device presents in the handshake: PEM exactly as it is sent. */
export interface Presented {
  readonly chainPem: string;
  readonly privateKeyPem: string;
}

/** The address to connect to, and the trusted CA. */
export interface Place {
  readonly host: string;
  readonly port: number;
  readonly ca: string;
}

export interface Opening extends Place {
  readonly presented?: Presented | undefined;
  /** Instead of `presented`, for many connections. */
  readonly secureContext?: SecureContext;
  readonly acknowledges?: boolean;
}

/** A TCP connection. */
export async function openTcp({ host, port }: Pick<Place, "host" | "port">): Promise<Socket> {
  const socket = connectTcp({ host, port, noDelay: true });
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}

function tlsOptions({ host, port, ca, presented, secureContext }: Opening): ConnectionOptions {
  return {
    host,
    port,
    ...(isIP(host) === 0 && { servername: host }),
    ...(secureContext ? { secureContext } : { ca }),
    ...(presented && { cert: presented.chainPem, key: presented.privateKeyPem }),
  };
}

/** A TLS connection whose handshake is done. */
export function openTls(opening: Opening): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect(tlsOptions(opening));
    socket.setNoDelay(true);
    socket.on("error", reject);
    socket.once("close", () => reject(new Error("closed during the handshake")));
    socket.once("secureConnect", () => resolve(socket));
  });
}

/** An MQTT client over TLS; nothing is sent yet. */
export async function openMqtt(opening: Opening): Promise<RawMqtt> {
  return new RawMqtt(await openTls(opening), opening);
}

/** A WebSocket on `path`, over a TLS connection of the caller's if there is one; `stream` carries its binary messages. */
export async function openWebSocket(
  opening: Opening & { readonly path?: string; readonly protocol?: string; readonly over?: Duplex },
): Promise<{ socket: InstanceType<typeof WebSocket>; stream: Duplex }> {
  const { host, port, ca, presented, over, path = "/$iothub/websocket", protocol = "mqtt" } = opening;
  const socket = new WebSocket(`wss://${host}:${port}${path}`, [protocol], {
    ca,
    ...(over && { createConnection: () => over }),
    ...(presented && { cert: presented.chainPem, key: presented.privateKeyPem }),
  });
  await new Promise((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  const stream = createWebSocketStream(socket);
  stream.on("error", () => undefined);
  return { socket, stream };
}

export interface HttpCall {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: JSON of the service, looked into by each test
  readonly body: any;
}

/** One HTTPS request on a connection of its own. */
export function callHttps(opening: Opening, { method, path, headers = {}, body }: HttpCall): Promise<HttpAnswer> {
  const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
  return new Promise((resolve, reject) => {
    const call = request({ ...tlsOptions(opening), method, path, headers: { ...headers, ...length }, agent: false });
    call.on("error", reject);
    call.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        const isJson = response.headers["content-type"]?.includes("application/json") && text !== "";
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          body: isJson ? JSON.parse(text) : undefined,
        });
      });
    });
    call.end(body);
  });
}
