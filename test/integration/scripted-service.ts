import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { createServer as createTlsServer, type Server, type TLSSocket } from "node:tls";
import { issueRoot, issueServerCertificate } from "@rollcall/pki";
import { parseHubTopic, parseProvisioningTopic } from "@rollcall/protocol";
import mqttPacket, { type IConnectPacket, type IPublishPacket } from "mqtt-packet";

/** A request as the script sees it, the same over MQTT and HTTPS. */
export interface ScriptedRequest {
  /** `connect` only over MQTT; `other` is an unknown topic or path. */
  readonly operation: "connect" | "register" | "operationStatus" | "twinGet" | "twinReported" | "telemetry" | "other";
  /** Number of earlier requests of this operation. */
  readonly before: number;
  readonly body: string;
  readonly operationId?: string;
  /** SAS token: MQTT password or Authorization header. */
  readonly token?: string;
  /** SNI of the handshake. */
  readonly serverName: string | false;
  /** Number of presented certificates. */
  readonly presented: number;
}

/** The script's answer. `connack` answers a connect; a text body is sent unchanged. */
export type ScriptedAnswer =
  | { readonly status: number; readonly retryAfter?: number | string; readonly body?: unknown; readonly query?: string }
  | { readonly connack: number }
  | "silence"
  | "hangUp";

export type Script = (request: ScriptedRequest) => ScriptedAnswer;

export interface ScriptedService extends AsyncDisposable {
  readonly ca: string;
  readonly ports: { readonly mqtt: number; readonly http: number };
  readonly requests: readonly ScriptedRequest[];
  /** Open sockets. */
  readonly open: ReadonlySet<unknown>;
}

const textOf = (body: unknown): string => (typeof body === "string" ? body : JSON.stringify(body ?? {}));

/** A service whose answers, valid or not, come from a script; over MQTT and HTTPS, on free ports of loopback. */
export async function startScripted(script: Script): Promise<ScriptedService> {
  const root = await issueRoot({ commonName: "scripted root" });
  const hosts = ["localhost", "127.0.0.1"];
  const server = await issueServerCertificate({ commonName: "localhost", parent: root, hosts });
  const tls = { cert: server.chainPem, key: server.privateKeyPem, requestCert: true, rejectUnauthorized: false };
  const requests: ScriptedRequest[] = [];
  const open = new Set<TLSSocket>();
  const ask = (request: Omit<ScriptedRequest, "before">): ScriptedAnswer => {
    const before = requests.filter(({ operation }) => operation === request.operation).length;
    const whole = { ...request, before };
    requests.push(whole);
    return script(whole);
  };
  const keep = (socket: TLSSocket): void => {
    open.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => open.delete(socket));
  };
  const mqtt = createTlsServer(tls, (socket) => serveMqtt(socket, ask));
  const http = createServer(tls, (request, response) => serveHttp(request, response, ask));
  for (const listener of [mqtt, http]) {
    listener.on("secureConnection", keep);
    await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  }
  const stop = async (): Promise<void> => {
    for (const socket of open) socket.destroy();
    await Promise.all([mqtt, http].map((listener) => new Promise((resolve) => listener.close(resolve))));
  };
  const ports = { mqtt: portOf(mqtt), http: portOf(http) };
  return { ca: root.certificatePem, ports, requests, open, [Symbol.asyncDispose]: stop };
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

function connectionFacts(socket: TLSSocket): Pick<ScriptedRequest, "serverName" | "presented"> {
  let presented = 0;
  const seen = new Set<string>();
  for (
    let each = socket.getPeerX509Certificate();
    each && !seen.has(each.fingerprint256);
    each = each.issuerCertificate
  ) {
    seen.add(each.fingerprint256);
    presented += 1;
  }
  return { serverName: socket.servername || false, presented };
}

type Ask = (request: Omit<ScriptedRequest, "before">) => ScriptedAnswer;

function serveMqtt(socket: TLSSocket, ask: Ask): void {
  const facts = connectionFacts(socket);
  const parser = mqttPacket.parser();
  let token: { token?: string } = {};
  const act = (
    answer: ScriptedAnswer,
    reply: (answer: Exclude<ScriptedAnswer, string | { connack: number }>) => void,
  ): void => {
    if (answer === "hangUp") socket.destroy();
    else if (answer !== "silence" && "status" in answer) reply(answer);
  };
  const connect = ({ password }: IConnectPacket): void => {
    token = password ? { token: password.toString() } : {};
    const answer = ask({ operation: "connect", body: "", ...facts, ...token });
    if (answer === "silence") return;
    if (answer === "hangUp") return void socket.destroy();
    const returnCode = "connack" in answer ? answer.connack : 0;
    socket.write(mqttPacket.generate({ cmd: "connack", returnCode, sessionPresent: false }));
    if (returnCode !== 0) socket.end();
  };
  const publish = ({ topic, payload, messageId }: IPublishPacket): void => {
    if (messageId !== undefined) socket.write(mqttPacket.generate({ cmd: "puback", messageId }));
    const { operation, rid, operationId, prefix } = readTopic(topic);
    const answer = ask({
      operation,
      body: payload.toString(),
      ...facts,
      ...token,
      ...(operationId !== undefined && { operationId }),
    });
    act(answer, ({ status, retryAfter, body, query = "" }) => {
      const retry = retryAfter === undefined ? "" : `&retry-after=${retryAfter}`;
      const reply = `${prefix}${status}/?$rid=${rid}${retry}${query}`;
      socket.write(
        mqttPacket.generate({ cmd: "publish", topic: reply, payload: textOf(body), qos: 0, dup: false, retain: false }),
      );
    });
  };
  parser.on("packet", (packet) => {
    if (packet.cmd === "connect") connect(packet);
    else if (packet.cmd === "publish") publish(packet);
    else if (packet.cmd === "subscribe") {
      socket.write(mqttPacket.generate({ cmd: "suback", messageId: packet.messageId ?? 1, granted: [1] }));
    } else if (packet.cmd === "disconnect") socket.end();
  });
  socket.on("data", (bytes) => parser.parse(bytes));
}

function readTopic(
  topic: string,
): Pick<ScriptedRequest, "operation" | "operationId"> & { rid: string; prefix: string } {
  const provisioning = parseProvisioningTopic(topic);
  if (provisioning) return { ...provisioning, prefix: "$dps/registrations/res/" };
  const hub = parseHubTopic(topic);
  if (hub?.operation === "twinGet" || hub?.operation === "twinReported") {
    return { operation: hub.operation, rid: hub.rid, prefix: "$iothub/twin/res/" };
  }
  return { operation: hub?.operation === "telemetry" ? "telemetry" : "other", rid: "", prefix: "" };
}

function serveHttp(request: IncomingMessage, response: ServerResponse, ask: Ask): void {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const path = /^\/[^/]+\/registrations\/[^/]+\/(register|operations\/([^/?]+))\?api-version=/.exec(
      request.url ?? "",
    );
    const operation = path === null ? "other" : path[1] === "register" ? "register" : "operationStatus";
    const token = request.headers.authorization;
    const answer = ask({
      operation,
      body: Buffer.concat(chunks).toString(),
      ...connectionFacts(request.socket as TLSSocket),
      ...(path?.[2] !== undefined && { operationId: decodeURIComponent(path[2]) }),
      ...(token !== undefined && { token }),
    });
    if (answer === "silence") return;
    if (answer === "hangUp" || "connack" in answer) return void request.socket.destroy();
    const retry = answer.retryAfter === undefined ? {} : { "retry-after": String(answer.retryAfter) };
    response.writeHead(answer.status, { "content-type": "application/json; charset=utf-8", ...retry });
    response.end(textOf(answer.body));
  });
}
