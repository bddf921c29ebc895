import { IncomingMessage, type RequestListener, type ServerOptions } from "node:http";
import type { Duplex } from "node:stream";
import { errorBody, toAsciiJson } from "@rollcall/protocol";

/** Limits of our HTTP servers: a client that stalls is disconnected, a client that sends slowly is not. */
const httpServerOptions = {
  headersTimeout: 20_000,
  requestTimeout: 60_000,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 5_000,
  maxHeaderSize: 16 * 1024,
} as const satisfies ServerOptions;

/**
 * A request for an upgrade to a protocol other than WebSocket is served as an ordinary request (RFC 9110, 7.8). Node
 * has no option for this: with a listener for upgrades, it gets all of them. Node sets and reads this property.
 */
class DeviceMessage extends IncomingMessage {
  declare private asksForUpgrade: boolean | null;

  get upgrade(): boolean {
    return this.asksForUpgrade === true && this.headers.upgrade?.toLowerCase() === "websocket";
  }

  set upgrade(asks: boolean | null) {
    this.asksForUpgrade = asks;
  }
}

/** For operators: an import may come through a pipe, as slowly as the program at the other end works. */
export const managementServerOptions = {
  ...httpServerOptions,
  requestTimeout: 1_800_000,
} as const satisfies ServerOptions;

/** For devices: Node does not refuse requests that the API can answer itself, with a reason in JSON and an attempt. */
export const deviceServerOptions = {
  ...httpServerOptions,
  requireHostHeader: false,
  IncomingMessage: DeviceMessage,
} as const satisfies ServerOptions;

interface HttpRow {
  readonly line: string;
  readonly message: string;
}

const JSON_TYPE = "application/json; charset=utf-8";

const rows: Readonly<Record<string, HttpRow>> = {
  HPE_HEADER_OVERFLOW: {
    line: "431 Request Header Fields Too Large",
    message: "The request headers are larger than 16 KB.",
  },
  ERR_HTTP_REQUEST_TIMEOUT: { line: "408 Request Timeout", message: "The request did not arrive in time." },
};
const badRequest: HttpRow = { line: "400 Bad Request", message: "This is not a readable HTTP request." };

/** Listener for `checkExpectation` of an HTTP server: answers an `Expect` other than 100-continue. */
export function answerExpectation(about: () => { trackingId: string; now: Date }): RequestListener {
  return (request, response) => {
    const message = `"Expect: ${request.headers.expect?.slice(0, 100)}" is not supported.`;
    const body = toAsciiJson(errorBody("badRequest", { ...about(), message }));
    // The connection closes, since a body that the client held back would be read as its next request.
    response.writeHead(417, {
      "Content-Type": JSON_TYPE,
      "Content-Length": Buffer.byteLength(body),
      Connection: "close",
    });
    response.end(body);
  };
}

/** Listener for `clientError` of an HTTP server: answers with the error, then closes. Never throws. */
export function answerClientError(
  error: NodeJS.ErrnoException,
  socket: Duplex,
  about: { trackingId: string; now: Date },
): void {
  const code = error.code ?? "";
  const isHttp = code.startsWith("HPE_") || code.startsWith("ERR_HTTP_");
  if (!isHttp || !socket.writable) {
    socket.destroy();
    return;
  }
  const { line, message } = rows[code] ?? badRequest;
  const body = toAsciiJson(errorBody("badRequest", { ...about, message }));
  const head = `HTTP/1.1 ${line}\r\nContent-Type: ${JSON_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n`;
  socket.end(head + body);
}
