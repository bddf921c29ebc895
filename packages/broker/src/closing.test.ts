import { connect } from "node:net";
import { topics } from "@rollcall/protocol";
import type { Packet } from "mqtt-packet";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Bench, hubUser, openBench, provisioningUser, until, untilEmpty } from "./testing/bench.js";
import { RawClient } from "./testing/raw-client.js";

let bench: Bench;

beforeEach(async () => {
  bench = await openBench({ times: { linger: 30_000 } });
  bench.devices.add("pump-1");
});
afterEach(async () => {
  await untilEmpty(bench.broker);
  await bench.close();
});

const connectPacket = { cmd: "connect", protocolId: "MQTT", protocolVersion: 4, clean: true, keepalive: 0 } as const;
const register: Packet = {
  cmd: "publish",
  topic: `${topics.register}?$rid=1`,
  payload: "{}",
  qos: 1,
  messageId: 2,
  dup: false,
  retain: false,
};
const subscribe: Packet = { cmd: "subscribe", messageId: 1, subscriptions: [{ topic: topics.replies, qos: 1 }] };

describe("whenever a client disconnects, nothing of it stays", () => {
  const steps: readonly { readonly step: string; readonly packets: readonly Packet[]; readonly wait: number }[] = [
    { step: "before CONNECT", packets: [], wait: 0 },
    { step: "directly after CONNECT", packets: [{ ...connectPacket, ...provisioningUser("pump-1") }], wait: 0 },
    { step: "after CONNACK", packets: [{ ...connectPacket, ...provisioningUser("pump-1") }], wait: 1 },
    {
      step: "directly after SUBSCRIBE",
      packets: [{ ...connectPacket, ...provisioningUser("pump-1") }, subscribe],
      wait: 0,
    },
    { step: "after SUBACK", packets: [{ ...connectPacket, ...provisioningUser("pump-1") }, subscribe], wait: 2 },
    {
      step: "directly after register",
      packets: [{ ...connectPacket, ...provisioningUser("pump-1") }, subscribe, register],
      wait: 0,
    },
    {
      step: "after PUBACK",
      packets: [{ ...connectPacket, ...provisioningUser("pump-1") }, subscribe, register],
      wait: 3,
    },
    {
      step: "after the reply",
      packets: [{ ...connectPacket, ...provisioningUser("pump-1") }, subscribe, register],
      wait: 4,
    },
    { step: "after the hub's CONNACK", packets: [{ ...connectPacket, ...hubUser("pump-1") }], wait: 1 },
    { step: "directly after the hub's CONNECT", packets: [{ ...connectPacket, ...hubUser("pump-1") }], wait: 0 },
  ];
  const ways = {
    reset: (client: RawClient) => (client.stream as ReturnType<typeof connect>).resetAndDestroy(),
    "end of its half": (client: RawClient) => client.stream.end(),
    destroy: (client: RawClient) => client.kill(),
  };
  const cases = steps.flatMap((each) => Object.keys(ways).map((way) => ({ ...each, way: way as keyof typeof ways })));

  test.each(cases)("$way $step", async ({ packets, wait, way }) => {
    const client = await RawClient.open(bench.port);
    await until(() => bench.broker.stats().connections === 1, "the broker has it");
    if (packets.length > 0) client.send(...packets);
    for (let count = 0; count < wait; count++) await client.next();
    ways[way](client);
    await untilEmpty(bench.broker);
    expect(bench.errors).toEqual([]);
    for (const { outcome } of bench.attempts.recent(9)) expect(outcome).not.toBe("open");
  });

  test("a slow admission for a client that has disconnected has no effect", async () => {
    let admit: () => void = () => undefined;
    bench.engine.admission = () => new Promise((resolve) => (admit = () => resolve({ kind: "admitted" })));
    const client = await RawClient.open(bench.port);
    client.send({ ...connectPacket, ...provisioningUser("pump-1") });
    await until(() => bench.engine.asked.length === 1, "the engine was asked");
    client.kill();
    await untilEmpty(bench.broker);
    expect(bench.attempts.find("pump-1")).toMatchObject({ outcome: "abandoned" });
    expect(bench.attempts.find("pump-1")?.steps.map((each) => each.name)).toEqual(["tls", "connect", "closed"]);
    admit();
    await new Promise((resolve) => setImmediate(resolve));
    expect(bench.broker.stats()).toEqual({ connections: 0, sessions: 0, challengeSessions: 0, timers: 0 });
  });

  test("a slow registration of a client that has disconnected is not answered", async () => {
    let release: () => void = () => undefined;
    bench.engine.gate = new Promise((resolve) => (release = resolve));
    const client = await RawClient.open(bench.port);
    await client.connect(provisioningUser("pump-1"));
    await client.subscribe(topics.replies);
    client.send(register);
    await until(() => bench.engine.asked.length === 2, "the engine was asked");
    client.kill();
    await untilEmpty(bench.broker);
    release();
    await new Promise((resolve) => setImmediate(resolve));
    expect(bench.errors).toEqual([]);
  });
});

describe("the broker closes", () => {
  test("DISCONNECT: our half ends, and later packets are not read", async () => {
    const client = await RawClient.open(bench.port);
    await client.connect(provisioningUser("pump-1"));
    client.send({ cmd: "disconnect" }, register, { cmd: "pingreq" });
    await client.closed;
    expect(client.received.map((each) => each.cmd)).toEqual(["connack"]);
    expect(bench.engine.asked).toEqual(["admit pump-1 tls"]);
  });

  test("a client that keeps its half open is cut off", async () => {
    const impatient = await openBench({ times: { linger: 20 } });
    const socket = connect({ port: impatient.port, host: "127.0.0.1", allowHalfOpen: true });
    const client = new RawClient(socket);
    await client.connect(provisioningUser("pump-1"));
    client.send({ cmd: "disconnect" });
    await client.closed;
    await untilEmpty(impatient.broker);
    client.kill();
    await impatient.close();
  });

  test("a client that sends nothing is cut off", async () => {
    const impatient = await openBench({ times: { connect: 20 } });
    const client = await RawClient.open(impatient.port);
    await client.closed;
    await untilEmpty(impatient.broker);
    await impatient.close();
  });

  test("a client that is silent beyond the keepalive is cut off; keepalive 0 means no limit", async () => {
    const client = await RawClient.open(bench.port);
    expect(await client.connect({ ...provisioningUser("pump-1"), keepalive: 1 })).toBe(0);
    await client.closed;
  });

  test.each(["who never registers", "who is only refused"])(
    "a client %s is cut off, also with keepalive 0",
    async (who) => {
      const impatient = await openBench({ times: { registration: 50 } });
      const { trackingId } = impatient.attempts.begin({ at: "service", registrationId: "x", acceptedAt: 0 } as never);
      impatient.engine.register = async () => ({ status: 401, trackingId, body: {} as never });
      const client = await RawClient.open(impatient.port);
      await client.connect(provisioningUser("pump-1"));
      expect(impatient.broker.stats().timers).toBe(1);
      if (who === "who is only refused") client.publish(`${topics.register}?$rid=1`, "{}");
      await client.closed;
      await untilEmpty(impatient.broker);
      await impatient.close();
    },
  );

  test("a client that has registered may stay", async () => {
    const patient = await openBench({ times: { registration: 50 } });
    const client = await RawClient.open(patient.port);
    await client.connect(provisioningUser("pump-1"));
    await client.subscribe(topics.replies);
    client.publish(`${topics.register}?$rid=1`, "{}", { qos: 0 });
    await client.next();
    expect(patient.broker.stats().timers).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(patient.broker.stats().sessions).toBe(1);
    client.kill();
    await untilEmpty(patient.broker);
    await patient.close();
  });

  test("close() ends every connection, also before its CONNECT, and accepts no new ones", async () => {
    const other = await openBench();
    const mute = await RawClient.open(other.port);
    const client = await RawClient.open(other.port);
    await client.connect(provisioningUser("pump-1"));
    await until(() => other.broker.stats().connections === 2, "both are there");
    await other.broker.close();
    await Promise.all([mute.closed, client.closed]);
    expect(other.broker.stats()).toEqual({ connections: 0, sessions: 0, challengeSessions: 0, timers: 0 });
    const late = await RawClient.open(other.port);
    await late.closed;
    await other.close();
  });
});

describe("memory is bounded", () => {
  test("a packet above the size limit closes the connection as soon as it is announced", async () => {
    const client = await RawClient.open(bench.port);
    await client.connect(provisioningUser("pump-1"));
    client.stream.write(Buffer.of(0x30, 0xff, 0xff, 0xff, 0x7f, 0, 1, 0x61));
    await client.closed;
    expect(bench.attempts.find("pump-1")?.findings.map((each) => each.code)).toEqual(["protocol.packetTooLarge"]);
  });

  test("a payload above 96 KB is passed to the engine, which answers it", async () => {
    const client = await RawClient.open(bench.port);
    await client.connect(provisioningUser("pump-1"));
    await client.subscribe(topics.replies);
    client.publish(`${topics.register}?$rid=1`, Buffer.alloc(150_000, 0x20), { qos: 0 });
    expect(await client.next()).toMatchObject({ cmd: "publish" });
    expect(bench.engine.bodies[0]).toHaveLength(150_000);
    client.kill();
  });

  test("a client that does not read is cut off", async () => {
    const short = await openBench({ times: { linger: 20, drain: 50 } });
    const client = await RawClient.open(short.port);
    await client.connect(provisioningUser("pump-1"));
    await client.subscribe(topics.replies);
    client.stream.pause();
    const request = `${topics.register}?$rid=${"r".repeat(1000)}`;
    const flood = () => {
      while (!client.stream.destroyed && client.stream.write(packetOf(request))) {
        // Until the socket accepts no more.
      }
    };
    client.stream.on("drain", flood);
    flood();
    await untilEmpty(short.broker);
    client.kill();
    await short.close();
  });

  test("replies that are never acknowledged use no memory", async () => {
    const client = await RawClient.open(bench.port);
    await client.connect(provisioningUser("pump-1"));
    await client.subscribe(topics.replies);
    for (let rid = 0; rid < 500; rid++) {
      client.publish(`${topics.register}?$rid=${rid}`, "", { messageId: rid + 1 });
      expect(await client.next()).toMatchObject({ cmd: "puback" });
      expect(await client.next()).toMatchObject({ cmd: "publish", qos: 1 });
    }
    client.kill();
  });

  test.each([
    { who: "of a client that has proved nothing", count: 100, proof: [] },
    { who: "after a successful request", count: 1100, proof: [`${topics.register}?$rid=0`] },
  ])("$count requests $who without waiting for an answer are too many", async ({ count, proof }) => {
    const client = await RawClient.open(bench.port);
    await client.connect(provisioningUser("pump-1"));
    await client.subscribe(topics.replies);
    for (const topic of proof) {
      client.publish(topic, "{}", { qos: 0 });
      await client.next();
    }
    let release: () => void = () => undefined;
    bench.engine.gate = new Promise((resolve) => (release = resolve));
    client.stream.write(requests(count));
    await client.closed;
    release();
    const [latest] = bench.attempts.recent(1);
    expect(latest?.findings.map((each) => each.code)).toEqual(["protocol.tooManyRequests"]);
  });

  test("900 simultaneous requests are answered after a successful request", async () => {
    const client = await RawClient.open(bench.port);
    await client.connect(provisioningUser("pump-1"));
    await client.subscribe(topics.replies);
    client.publish(`${topics.register}?$rid=0`, "{}", { qos: 0 });
    await client.next();
    client.stream.write(requests(900));
    for (let count = 0; count < 900; count++) expect(await client.next()).toMatchObject({ cmd: "publish" });
    client.kill();
  });
});

describe("requests that never wait", () => {
  test("leave a turn of the event loop for other work between any two", async () => {
    const turns: number[] = [];
    let turn = 0;
    const tick = setInterval(() => undefined, 1);
    const count = () => {
      turn++;
      next = setImmediate(count);
    };
    let next = setImmediate(count);
    const { register: answer } = bench.engine;
    bench.engine.register = (request) => {
      turns.push(turn);
      return answer.call(bench.engine, request);
    };
    const client = await RawClient.open(bench.port);
    await client.connect(provisioningUser("pump-1"));
    await client.subscribe(topics.replies);
    client.stream.write(requests(50));
    for (let each = 0; each < 50; each++) await client.next();
    clearInterval(tick);
    clearImmediate(next);
    expect(new Set(turns).size).toBe(50);
    client.kill();
  });

  const pile = async (proof: boolean): Promise<number> => {
    const client = await RawClient.open(bench.port);
    await client.connect(provisioningUser("pump-1"));
    if (proof) {
      await client.subscribe(topics.replies);
      client.publish(`${topics.register}?$rid=0`, "{}", { qos: 0 });
      expect(await client.next()).toMatchObject({ cmd: "publish" });
    }
    let release: () => void = () => undefined;
    bench.engine.gate = new Promise((resolve) => (release = resolve));
    const before = bench.engine.bodies.length;
    client.stream.write(requests(20));
    await until(() => bench.engine.bodies.length === before + 1, "the first is being answered");
    client.kill();
    await untilEmpty(bench.broker);
    release();
    for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
    return bench.engine.bodies.length - before;
  };

  test("are dropped, except the running request, when a client that proved nothing has disconnected", async () => {
    expect(await pile(false)).toBe(1);
  });

  test("are carried out for a client that has proved its identity", async () => {
    expect(await pile(true)).toBe(20);
  });
});

/** Register requests in a single write. */
function requests(count: number): Buffer {
  return Buffer.concat(Array.from({ length: count }, () => packetOf(`${topics.register}?$rid=1`)));
}

/** A PUBLISH at QoS 0 without payload. */
function packetOf(topic: string): Buffer {
  const body = Buffer.from(topic);
  const length = body.length + 2;
  const size = length < 128 ? [length] : [(length % 128) + 128, Math.floor(length / 128)];
  return Buffer.concat([Buffer.from([0x30, ...size, body.length >> 8, body.length & 0xff]), body]);
}
