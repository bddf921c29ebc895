import { topics } from "@rollcall/protocol";
import fc from "fast-check";
import mqttPacket, { type Packet } from "mqtt-packet";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Bench, hubUser, openBench, provisioningUser, SCOPE, untilEmpty } from "./testing/bench.js";
import { RawClient } from "./testing/raw-client.js";

let bench: Bench;

beforeAll(async () => {
  bench = await openBench({ times: { linger: 50 } });
  bench.devices.add("pump-1");
});
afterAll(async () => {
  await untilEmpty(bench.broker);
  await bench.close();
});

/** Sends bytes on a new connection, ends it, and waits until the broker has ended it, too. */
async function throwAt(prelude: Buffer, bytes: Uint8Array): Promise<void> {
  const client = await RawClient.open(bench.port);
  client.stream.write(prelude);
  client.stream.write(bytes);
  client.stream.end();
  await client.closed;
}

/** Checks that the broker still serves a client. */
async function stillServes(): Promise<void> {
  const client = await RawClient.open(bench.port);
  expect(await client.connect(provisioningUser("sane"))).toBe(0);
  await client.subscribe(topics.replies);
  client.publish(`${topics.register}?$rid=1`, "");
  expect(await client.next()).toMatchObject({ cmd: "puback" });
  expect(await client.next()).toMatchObject({ cmd: "publish" });
  client.kill();
  await untilEmpty(bench.broker);
  expect(bench.errors).toEqual([]);
}

const base = { cmd: "connect", protocolId: "MQTT", protocolVersion: 4, clean: true, keepalive: 0 } as const;
const connects = {
  nobody: Buffer.alloc(0),
  device: mqttPacket.generate({ ...base, ...provisioningUser("pump-1") }),
  hub: mqttPacket.generate({ ...base, ...hubUser("pump-1") }),
};
const piece = fc.constantFrom(
  ...[
    "/",
    "?",
    "&",
    "=",
    "$",
    "#",
    "+",
    "%",
    "%2f",
    "%zz",
    "$rid=",
    "registrations",
    "api-version=2019-03-31",
    "operationId=",
    SCOPE,
  ],
  ...[
    "$dps/registrations/",
    "$iothub/twin/",
    "PUT/iotdps-register/",
    "GET/",
    "PATCH/properties/reported/",
    "devices/pump-1/messages/events/",
  ],
  ...["\u0000", "\ud800", "é", "💥", "127.0.0.1", "pump-1", "__proto__", "constructor", "a".repeat(300)],
);
const text = fc.oneof(
  fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join("")),
  fc.string({ maxLength: 40 }),
);

test("arbitrary user names, client ids and passwords", async () => {
  await fc.assert(
    fc.asyncProperty(
      text,
      text,
      fc.uint8Array({ maxLength: 60 }),
      fc.boolean(),
      async (username, clientId, password, clean) => {
        const packet = {
          ...base,
          clean: clean || clientId === "",
          username,
          clientId,
          password: Buffer.from(password),
        };
        await throwAt(connects.nobody, mqttPacket.generate(packet));
      },
    ),
    { numRuns: 150 },
  );
  await stillServes();
});

test("arbitrary topics and bodies", async () => {
  const who = fc.constantFrom(connects.device, connects.hub);
  const qos = fc.constantFrom<(0 | 1 | 2)[]>(0, 1, 2);
  await fc.assert(
    fc.asyncProperty(who, text, qos, fc.uint8Array({ maxLength: 80 }), async (prelude, topic, level, payload) => {
      const name = topic === "" ? "x" : topic;
      const packets: readonly Packet[] = [
        { cmd: "subscribe", messageId: 6, subscriptions: [{ topic: name, qos: level }] },
        {
          cmd: "publish",
          topic: name,
          payload: Buffer.from(payload),
          qos: level,
          messageId: 5,
          dup: false,
          retain: true,
        },
        { cmd: "unsubscribe", messageId: 7, unsubscriptions: [name] },
      ];
      await throwAt(prelude, Buffer.concat(packets.map((packet) => mqttPacket.generate(packet))));
    }),
    { numRuns: 150 },
  );
  await stillServes();
});

test("arbitrary bytes, before and after CONNECT", async () => {
  const who = fc.constantFrom(...Object.values(connects));
  // Headers of every kind of packet, with a length that may or may not be right.
  const frame = fc
    .tuple(fc.nat(255), fc.uint8Array({ maxLength: 30 }))
    .map(([head, body]) => Buffer.from([head, body.length, ...body]));
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.array(frame, { maxLength: 6 }).map((frames) => Buffer.concat(frames)),
  );
  await fc.assert(
    fc.asyncProperty(who, bytes, async (prelude, thrown) => {
      await throwAt(prelude, thrown);
    }),
    { numRuns: 300 },
  );
  await stillServes();
});

test("valid packets, cut at any position or changed in one byte", async () => {
  const good = Buffer.concat([
    connects.device,
    mqttPacket.generate({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: topics.replies, qos: 1 }] }),
    mqttPacket.generate({
      cmd: "publish",
      topic: `${topics.register}?$rid=1`,
      payload: "{}",
      qos: 1,
      messageId: 2,
      dup: false,
      retain: false,
    }),
    mqttPacket.generate({ cmd: "pubrel", messageId: 9 }),
    mqttPacket.generate({ cmd: "pubrec", messageId: 9 }),
    mqttPacket.generate({ cmd: "pingreq" }),
    mqttPacket.generate({ cmd: "disconnect" }),
  ]);
  await fc.assert(
    fc.asyncProperty(fc.nat(good.length), fc.nat(good.length - 1), fc.nat(255), async (end, at, value) => {
      const bytes = Buffer.from(good);
      bytes[at] = value;
      await throwAt(bytes.subarray(0, end), bytes.subarray(end));
    }),
    { numRuns: 200 },
  );
  await stillServes();
});
