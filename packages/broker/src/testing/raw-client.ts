import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import mqttPacket, { type IConnectPacket, type Packet } from "mqtt-packet";

/** An MQTT client that sends exactly what it is told to, and lists the received packets in order. */
export class RawClient {
  readonly stream: Duplex;
  /** All received packets, including those that `next` has returned. */
  readonly received: Packet[] = [];
  #seen = 0;
  #ended = false;
  readonly #wakers = new Set<() => void>();
  /** Settles when the peer has closed the connection, or the connection is lost. */
  readonly closed: Promise<void>;

  constructor(stream: Duplex) {
    this.stream = stream;
    const parser = mqttPacket.parser();
    parser.on("packet", (packet) => {
      this.received.push(packet);
      this.#wake();
    });
    stream.on("data", (bytes: Buffer) => parser.parse(bytes));
    stream.on("error", () => undefined);
    this.closed = new Promise((resolve) => {
      const end = () => {
        this.#ended = true;
        this.#wake();
        resolve();
      };
      stream.once("end", end).once("close", end);
    });
  }

  static async open(port: number): Promise<RawClient> {
    const socket: Socket = connect({ port, host: "127.0.0.1", noDelay: true });
    const client = new RawClient(socket);
    await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    return client;
  }

  #wake(): void {
    for (const waker of this.#wakers) waker();
  }

  send(...packets: readonly Packet[]): void {
    this.stream.write(Buffer.concat(packets.map((packet) => mqttPacket.generate(packet))));
  }

  /** The next packet that was not returned yet; rejects when the connection ends first. */
  async next(): Promise<Packet> {
    while (this.received.length <= this.#seen && !this.#ended) {
      await new Promise<void>((resolve) => {
        const waker = () => {
          this.#wakers.delete(waker);
          resolve();
        };
        this.#wakers.add(waker);
      });
    }
    const packet = this.received[this.#seen];
    if (!packet) throw new Error("the connection ended");
    this.#seen++;
    return packet;
  }

  /** Sends CONNECT and returns the code of the CONNACK. */
  async connect(
    packet: Partial<IConnectPacket> & { readonly username?: string; readonly clientId: string },
  ): Promise<number | undefined> {
    this.send({ cmd: "connect", protocolId: "MQTT", protocolVersion: 4, clean: true, keepalive: 0, ...packet });
    const answer = await this.next();
    if (answer.cmd !== "connack") throw new Error(`${answer.cmd} instead of connack`);
    return answer.returnCode;
  }

  async subscribe(topic: string, qos: 0 | 1 | 2 = 1): Promise<readonly unknown[]> {
    this.send({ cmd: "subscribe", messageId: 7, subscriptions: [{ topic, qos }] });
    const answer = await this.next();
    if (answer.cmd !== "suback") throw new Error(`${answer.cmd} instead of suback`);
    return answer.granted as readonly unknown[];
  }

  publish(
    topic: string,
    payload: string | Buffer = "",
    options: { qos?: 0 | 1 | 2; messageId?: number; retain?: boolean } = {},
  ): void {
    const { qos = 1, messageId = 11, retain = false } = options;
    this.send({ cmd: "publish", topic, payload, qos, dup: false, retain, ...(qos > 0 && { messageId }) });
  }

  /** Ends the connection without DISCONNECT. */
  kill(): void {
    this.stream.destroy();
  }
}
