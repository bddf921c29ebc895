import type { TLSSocket } from "node:tls";
import { type HubTransport, rawQuery, transportRows, webSocket } from "@rollcall/protocol";
import mqtt, { type IClientOptions, type MqttClient } from "mqtt";
import { NoAnswerError, RefusedError } from "./result.js";

export interface MqttSessionOptions {
  /** Connected; the session closes it. */
  readonly socket: TLSSocket;
  readonly transport: HubTransport;
  readonly host: string;
  readonly port: number;
  readonly clientId: string;
  readonly username: string;
  readonly password?: string;
  /** Seconds. */
  readonly keepalive: number;
  readonly signal: AbortSignal;
}

/** The reply to a request of ours: `…/{status}/?$rid={rid}&…`. */
export interface MqttReply {
  readonly status: number;
  /** Still encoded. */
  readonly query: ReadonlyMap<string, string>;
  readonly payload: Buffer;
}

interface Waiting {
  resolve(reply: MqttReply): void;
  reject(error: Error): void;
}

/** Milliseconds that a peer has for closing after our DISCONNECT. */
const closingMilliseconds = 1000;

/**
 * The meaning of the CONNACK return codes (MQTT 3.1.1, section 3.2.2.3), and the most similar status of the other
 * transports.
 */
const returnCodes: Readonly<Record<number, { readonly status: number; readonly message: string }>> = {
  1: { status: 400, message: "unacceptable protocol version" },
  2: { status: 400, message: "client id not accepted" },
  3: { status: 503, message: "server unavailable" },
  4: { status: 401, message: "bad user name or password" },
  5: { status: 401, message: "not authorized" },
};

function clientOptions(options: MqttSessionOptions): IClientOptions {
  return {
    clientId: options.clientId,
    username: options.username,
    ...(options.password !== undefined && { password: options.password }),
    protocolVersion: 4,
    clean: true,
    keepalive: options.keepalive,
    reconnectPeriod: 0,
    // We have our own time limit: MQTT.js would only close, without a reason.
    connectTimeout: 2 ** 31 - 1,
    resubscribe: false,
  };
}

function openClient(options: MqttSessionOptions): MqttClient {
  const common = clientOptions(options);
  if (transportRows[options.transport].isByteStream) return new mqtt.MqttClient(() => options.socket, common);
  // Passed separately from the URL: MQTT.js removes the brackets of an IPv6 address and builds a URL without them.
  const hostname = options.host.includes(":") ? `[${options.host}]` : options.host;
  const wsOptions = { createConnection: () => options.socket };
  return mqtt.connect(`wss://${hostname}:${options.port}${webSocket.paths[2]}`, { ...common, hostname, wsOptions });
}

/**
 * One MQTT 3.1.1 connection of a device: replies are matched to requests by `$rid`, and a lost connection fails all
 * requests.
 */
export class MqttSession {
  readonly #client: MqttClient;
  readonly #options: MqttSessionOptions;
  readonly #waiting = new Map<string, Waiting>();
  readonly #onAbort = (): void => this.#fail(new NoAnswerError("aborted", { cause: this.#options.signal.reason }));
  readonly #gone: Promise<void>;
  /** Fails the current step; there is only one step at a time. */
  #step: (error: Error) => void = () => undefined;
  #failure: Error | undefined;
  #closing = false;
  #lastRid = 0;

  private constructor(options: MqttSessionOptions) {
    this.#options = options;
    this.#gone = new Promise((resolve) => options.socket.once("close", () => resolve()));
    this.#client = openClient(options);
    this.#client.on("message", (topic, payload) => this.#take(topic, payload));
    this.#client.on("error", (error) => this.#fail(this.#lost(error)));
    this.#client.stream.on("error", (error: Error) => this.#fail(this.#lost(error)));
    this.#client.on("close", () => this.#fail(this.#lost()));
    options.signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** Sends CONNECT on an open socket and waits for the CONNACK. @throws RefusedError when it refuses the connection */
  static async open(options: MqttSessionOptions): Promise<MqttSession> {
    options.signal.throwIfAborted();
    if (options.socket.destroyed) throw new NoAnswerError(`${options.host}:${options.port} closed the connection`);
    const session = new MqttSession(options);
    try {
      await session.#settles((resolve) => session.#client.once("connect", () => resolve()));
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /** Subscribes at QoS 1. */
  async subscribe(filter: string): Promise<void> {
    await this.#settles((resolve, reject) =>
      this.#client.subscribe(filter, { qos: 1 }, (error, granted) => {
        if (error) reject(new NoAnswerError(`subscription to ${filter} failed: ${error.message}`, { cause: error }));
        else if (granted?.some((each) => each.qos >= 128)) reject(notGranted(filter));
        else resolve();
      }),
    );
  }

  /** Publishes at QoS 1 and waits for the PUBACK. */
  async publish(topic: string, payload: string): Promise<void> {
    await this.#settles((resolve, reject) =>
      this.#client.publish(topic, payload, { qos: 1 }, (error) => (error ? reject(this.#lost(error)) : resolve())),
    );
  }

  /** Publishes a request and waits for the reply with its `$rid`. */
  async request(topicOf: (rid: string) => string, payload: string): Promise<MqttReply> {
    this.#lastRid += 1;
    const rid = String(this.#lastRid);
    const reply = new Promise<MqttReply>((resolve, reject) => this.#waiting.set(rid, { resolve, reject }));
    // The reply may come before the PUBACK, and a lost connection fails both promises, so both must be awaited.
    const [answer] = await Promise.all([reply, this.publish(topicOf(rid), payload)]);
    return answer;
  }

  /** Sends DISCONNECT and closes; returns when the socket is closed. */
  async close(): Promise<void> {
    const { socket, signal } = this.#options;
    this.#closing = true;
    const timer = setTimeout(() => socket.destroy(), closingMilliseconds);
    if (this.#failure !== undefined || signal.aborted) socket.destroy();
    this.#client.end(socket.destroyed);
    await this.#gone;
    clearTimeout(timer);
    signal.removeEventListener("abort", this.#onAbort);
    this.#client.end(true);
  }

  #take(topic: string, payload: Buffer): void {
    const parts = /\/(\d{3})\/\?(.*)$/.exec(topic);
    const query = rawQuery(parts?.[2] ?? "");
    const waiting = this.#waiting.get(query.get("$rid") ?? "");
    if (parts === null || waiting === undefined) return;
    this.#waiting.delete(query.get("$rid") ?? "");
    waiting.resolve({ status: Number(parts[1]), query, payload });
  }

  /** Waits for a step to settle, or for the failure of the connection. */
  #settles(start: (resolve: () => void, reject: (error: Error) => void) => void): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise<void>((resolve, reject) => {
      this.#step = reject;
      start(resolve, reject);
    });
  }

  #fail(error: Error): void {
    if (this.#failure !== undefined || this.#closing) return;
    this.#failure = error;
    this.#step(error);
    for (const waiting of [...this.#waiting.values()]) waiting.reject(error);
    this.#waiting.clear();
    this.#options.socket.destroy();
  }

  #lost(error?: Error & { code?: unknown }): Error {
    const { host, port } = this.#options;
    if (typeof error?.code === "number") {
      const row = returnCodes[error.code] ?? { status: 401, message: error.message };
      return new RefusedError({ ...row, connack: error.code, message: `CONNACK ${error.code}: ${row.message}` });
    }
    if (error === undefined) return new NoAnswerError(`${host}:${port} closed the connection`);
    return new NoAnswerError(`connection to ${host}:${port} was lost: ${error.message}`, { cause: error });
  }
}

function notGranted(filter: string): NoAnswerError {
  return new NoAnswerError(`the broker did not grant the subscription to ${filter}`);
}
