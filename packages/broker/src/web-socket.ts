import type { IncomingMessage } from "node:http";
import { STATUS_CODES } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { decodeOnce, webSocket } from "@rollcall/protocol";
import { createWebSocketStream, type WebSocket, WebSocketServer } from "ws";

/** Accepts an upgrade request, or answers it with an error. */
export type Upgrade = (
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  accept: (stream: Duplex) => void,
) => void;

/** Opens WebSockets for MQTT on the paths that the SDKs use (wire.md#websocket). */
export function createUpgrade(options: { readonly maxPayload: number; readonly closeTimeout: number }): Upgrade {
  const server = new WebSocketServer({
    ...options,
    noServer: true,
    perMessageDeflate: false,
    clientTracking: false,
    // The reply has the client's spelling: the C SDK asks for MQTT and compares.
    handleProtocols: (offered) => [...offered].find(isMqtt) ?? false,
  });
  return (request, socket, head, accept) => {
    // Until ws has taken over, a reset would be an uncaught error.
    socket.on("error", () => undefined);
    if (!isKnownPath(request.url ?? ""))
      return refuse(socket, 404, "There is no WebSocket here. MQTT: /, /mqtt or /$iothub/websocket");
    const offered = (request.headers["sec-websocket-protocol"] ?? "").split(",");
    if (!offered.some((each) => isMqtt(each.trim()))) return refuse(socket, 400, "Sec-WebSocket-Protocol must be mqtt");
    if (socket instanceof Socket) socket.setNoDelay(true);
    server.handleUpgrade(request, socket, head, (opened) => accept(asStream(opened)));
  };
}

function isMqtt(protocol: string): boolean {
  return protocol.toLowerCase() === webSocket.protocol;
}

function isKnownPath(url: string): boolean {
  const path = decodeOnce(url.split("?", 1)[0] ?? "")?.toLowerCase();
  return webSocket.paths.some((known) => known === path);
}

function refuse(socket: Duplex, status: 400 | 404, message: string): void {
  const body = `${message}\n`;
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "Connection: close",
    "Content-Type: text/plain; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}

/** The WebSocket as a stream of bytes; packets that mqtt-packet writes in pieces are sent as one message. */
function asStream(opened: WebSocket): Duplex {
  const stream = createWebSocketStream(opened);
  stream._writev = (chunks, callback) => {
    opened.send(Buffer.concat(chunks.map((each) => each.chunk as Buffer)), callback);
  };
  return stream;
}
