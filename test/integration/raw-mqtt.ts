import { once } from "node:events";
import type { Duplex } from "node:stream";
import { topics } from "@rollcall/protocol";
import mqttPacket, {
  type IConnackPacket,
  type IConnectPacket,
  type IPublishPacket,
  type ISubackPacket,
  type Packet,
  type PacketCmd,
  type QoS,
} from "mqtt-packet";

/** Time limit for a packet that never arrives; no test measures time with it. */
const PATIENCE_MS = 20_000;

/** A parsed reply to a request. */
export interface RawReply {
  readonly status: number;
  readonly topic: string;
  readonly qos: QoS;
  /** `$rid` as received. */
  readonly rid: string;
  readonly retryAfter?: string;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: JSON of the service, looked into by each test
  readonly body: any;
}

export interface Connect {
  readonly clientId: string;
  readonly username?: string | Buffer;
  readonly password?: string;
  readonly clean?: boolean;
  readonly keepalive?: number;
}

/** The peer closed the connection while a test waited for a packet. */
export class ClosedError extends Error {
  override readonly name = "ClosedError";
}

/** An MQTT client that sends any frames, valid or not: frames of `mqtt-packet` on a stream of the test. */
export class RawMqtt implements AsyncDisposable {
  readonly stream: Duplex;
  /** All received packets, in order. */
  readonly packets: Packet[] = [];
  readonly closed: Promise<void>;
  readonly #taken = new Set<Packet>();
  readonly #waiting = new Set<() => void>();
  readonly #acknowledges: boolean;
  #isClosed = false;
  #lastMessageId = 0;

  constructor(stream: Duplex, options: { acknowledges?: boolean } = {}) {
    this.stream = stream;
    this.#acknowledges = options.acknowledges ?? true;
    const parser = mqttPacket.parser({ protocolVersion: 4 });
    parser.on("packet", (packet) => this.#receive(packet));
    stream.on("data", (chunk: Buffer) => parser.parse(chunk));
    stream.on("error", () => undefined);
    this.closed = new Promise((resolve) => {
      const over = () => {
        this.#isClosed = true;
        this.#wake();
        resolve();
      };
      stream.once("end", over);
      stream.once("close", over);
    });
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  send(packet: Packet): void {
    this.write(mqttPacket.generate(packet));
  }

  write(bytes: Uint8Array): void {
    if (this.stream.writable) this.stream.write(bytes);
  }

  /** The next packet of this kind that was not taken yet. @throws ClosedError when the connection ends first */
  async take<C extends PacketCmd>(
    cmd: C,
    where: (packet: Extract<Packet, { cmd: C }>) => boolean = () => true,
  ): Promise<Extract<Packet, { cmd: C }>> {
    const ofKind = (packet: Packet): packet is Extract<Packet, { cmd: C }> => packet.cmd === cmd;
    const until = Date.now() + PATIENCE_MS;
    for (;;) {
      const found = this.packets.filter((each) => !this.#taken.has(each)).find((each) => ofKind(each) && where(each));
      if (found && ofKind(found)) {
        this.#taken.add(found);
        return found;
      }
      if (this.#isClosed) throw new ClosedError(`closed before a ${cmd} came; came: ${this.#summary()}`);
      if (Date.now() > until) throw new Error(`no ${cmd} came; came: ${this.#summary()}`);
      await this.#change(until - Date.now() + 1);
    }
  }

  /** Sends CONNECT and returns the CONNACK. */
  async connect(options: Connect): Promise<IConnackPacket> {
    this.send({
      cmd: "connect",
      protocolId: "MQTT",
      protocolVersion: 4,
      ...connectDefaults,
      ...passwordBytes(options),
    });
    return this.take("connack");
  }

  async subscribe(topic: string = topics.replies, qos: QoS = 1): Promise<ISubackPacket> {
    const messageId = this.nextMessageId();
    this.send({ cmd: "subscribe", messageId, subscriptions: [{ topic, qos }] } as Packet);
    return this.take("suback", (packet) => packet.messageId === messageId);
  }

  /** Publishes without waiting. Returns the message id, 0 at QoS 0. */
  publish(topic: string, payload: string | Buffer = "", qos: QoS = 1): number {
    const messageId = qos === 0 ? 0 : this.nextMessageId();
    const packet: IPublishPacket = { cmd: "publish", topic, payload, qos, dup: false, retain: false };
    this.send(qos === 0 ? packet : { ...packet, messageId });
    return messageId;
  }

  /** The next reply with this `$rid`; without `rid`, the next reply. */
  async reply(rid?: string): Promise<RawReply> {
    const packet = await this.take("publish", (each) => rid === undefined || readReply(each).rid === rid);
    return readReply(packet);
  }

  async register(body: string | Buffer = "", rid = "1", qos: QoS = 1): Promise<RawReply> {
    this.publish(`${topics.register}?$rid=${rid}`, body, qos);
    return this.reply(rid);
  }

  async poll(operationId: string, rid = "2", body = "", qos: QoS = 1): Promise<RawReply> {
    this.publish(`${topics.operationStatus}?$rid=${rid}&operationId=${operationId}`, body, qos);
    return this.reply(rid);
  }

  /** Registers, then polls until the status is not `assigning`. */
  async registration(body: string | Buffer = ""): Promise<RawReply> {
    let reply = await this.register(body, "r");
    for (let count = 0; reply.status === 202 && count < 50; count++)
      reply = await this.poll(reply.body.operationId, `p${count}`);
    return reply;
  }

  nextMessageId(): number {
    this.#lastMessageId = (this.#lastMessageId % 65_535) + 1;
    return this.#lastMessageId;
  }

  /** DISCONNECT, and waits for the other side to close. */
  async end(): Promise<void> {
    if (!this.#isClosed) this.send({ cmd: "disconnect" });
    this.stream.end();
    if (!this.#isClosed) await Promise.race([this.closed, patience()]);
    this.stream.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stream.destroy();
    if (!this.stream.closed) await once(this.stream, "close");
  }

  #receive(packet: Packet): void {
    this.packets.push(packet);
    if (this.#acknowledges && packet.cmd === "publish" && packet.qos === 1 && packet.messageId !== undefined)
      this.send({ cmd: "puback", messageId: packet.messageId });
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  #change(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, milliseconds);
      const waiting = this.#waiting;
      function done(): void {
        clearTimeout(timer);
        waiting.delete(done);
        resolve();
      }
      waiting.add(done);
    });
  }

  #summary(): string {
    return this.packets.map((each) => each.cmd).join(", ") || "nothing";
  }
}

const connectDefaults: Pick<IConnectPacket, "clean" | "keepalive"> = { clean: true, keepalive: 60 };

function passwordBytes({ password, username, ...rest }: Connect): Omit<IConnectPacket, "cmd"> {
  return {
    ...rest,
    // A user name may be any bytes here; the packet's type knows only text.
    ...(username !== undefined && { username: username as string }),
    ...(password !== undefined && { password: Buffer.from(password) }),
  };
}

function readReply(packet: IPublishPacket): RawReply {
  const match = /^\$dps\/registrations\/res\/(\d+)\/\?\$rid=([^&]*)(?:&retry-after=(.*))?$/.exec(packet.topic);
  const text = packet.payload.toString();
  return {
    status: Number(match?.[1]),
    rid: match?.[2] ?? "",
    ...(match?.[3] !== undefined && { retryAfter: match[3] }),
    topic: packet.topic,
    qos: packet.qos,
    text,
    body: text === "" ? undefined : JSON.parse(text),
  };
}

function patience(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, PATIENCE_MS).unref();
  });
}
