import { topics } from "@rollcall/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Bench, HUB, hubUser, openBench, provisioningUser, until, untilEmpty } from "./testing/bench.js";
import { RawClient } from "./testing/raw-client.js";

let bench: Bench;
const clients: RawClient[] = [];

async function open(): Promise<RawClient> {
  const client = await RawClient.open(bench.port);
  clients.push(client);
  return client;
}

async function connected(id: string): Promise<RawClient> {
  const client = await open();
  expect(await client.connect(hubUser(id))).toBe(0);
  return client;
}

const text = (packet: unknown) => String((packet as { payload: Buffer }).payload);
const hubCodes = () => bench.attempts.recent(1)[0]?.findings.map((each) => each.code);

beforeEach(async () => {
  bench = await openBench();
  bench.devices.add("pump-1");
  bench.devices.add("pump-2");
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.kill();
  await untilEmpty(bench.broker);
  await bench.close();
});

describe("twins", () => {
  test("GET answers with desired and reported properties", async () => {
    const client = await connected("pump-1");
    expect(await client.subscribe(topics.twinReplies)).toEqual([1]);
    client.publish("$iothub/twin/GET/?$rid=a-1", " ");
    expect(await client.next()).toMatchObject({ cmd: "puback" });
    const reply = await client.next();
    expect(reply).toMatchObject({ topic: "$iothub/twin/res/200/?$rid=a-1", qos: 1 });
    expect(JSON.parse(text(reply))).toEqual({ desired: { interval: 5, $version: 1 }, reported: { $version: 1 } });
  });

  test("PATCH answers 204 without a body, at QoS 0 if subscribed at QoS 0", async () => {
    const client = await connected("pump-1");
    expect(await client.subscribe(topics.twinReplies, 0)).toEqual([0]);
    client.publish("$iothub/twin/PATCH/properties/reported/?$rid=2", '{"t":21}', { qos: 0 });
    const reply = await client.next();
    expect(reply).toMatchObject({ topic: "$iothub/twin/res/204/?$rid=2&$version=2", qos: 0 });
    expect(text(reply)).toBe("");
  });

  test("an invalid PATCH gets a 400 with the error in its body", async () => {
    const client = await connected("pump-1");
    await client.subscribe(topics.twinReplies);
    client.publish("$iothub/twin/PATCH/properties/reported/?$rid=2", '{"a.b":1}', { qos: 0 });
    const reply = await client.next();
    expect(reply).toMatchObject({ topic: "$iothub/twin/res/400/?$rid=2" });
    expect(JSON.parse(text(reply))).toMatchObject({ errorCode: 400004, message: expect.stringContaining("a.b") });
  });

  test("desired changes are sent to the subscribed device, and to no other device", async () => {
    const [one, two, deaf] = [await connected("pump-1"), await connected("pump-2"), await open()];
    for (const client of [one, two]) expect(await client.subscribe(topics.twinDesiredUpdates)).toEqual([1]);
    expect(await bench.hub.patchDesired({ hub: HUB, deviceId: "pump-1" }, { interval: null, mode: "é" })).toBe(2);
    const update = await one.next();
    expect(update).toMatchObject({ topic: "$iothub/twin/PATCH/properties/desired/?$version=2", qos: 1 });
    expect(JSON.parse(text(update))).toEqual({ interval: null, mode: "é", $version: 2 });
    two.send({ cmd: "pingreq" });
    expect(await two.next()).toMatchObject({ cmd: "pingresp" });
    await deaf.connect(hubUser("pump-2"));
    await bench.hub.patchDesired({ hub: HUB, deviceId: "pump-2" }, { a: 1 });
    deaf.send({ cmd: "pingreq" });
    expect(await deaf.next()).toMatchObject({ cmd: "pingresp" });
  });

  test("without a subscription there is a finding instead of a reply", async () => {
    const client = await connected("pump-1");
    client.publish("$iothub/twin/GET/?$rid=1", "");
    expect(await client.next()).toMatchObject({ cmd: "puback" });
    client.send({ cmd: "pingreq" });
    expect(await client.next()).toMatchObject({ cmd: "pingresp" });
    expect(hubCodes()).toEqual(["hub.notSubscribed"]);
  });
});

describe("topics", () => {
  test("telemetry is counted, method replies are accepted", async () => {
    const client = await connected("pump-1");
    client.publish("devices/pump-1/messages/events/%24.ct=application%2Fjson", "{}");
    expect(await client.next()).toMatchObject({ cmd: "puback" });
    client.publish("devices/pump-1/messages/events/", "", { qos: 0, retain: true });
    client.publish("$iothub/methods/res/200/?$rid=1", "{}");
    expect(await client.next()).toMatchObject({ cmd: "puback" });
    expect(bench.hub.telemetryCount).toBe(2);
  });

  test("the five subscriptions of the SDKs are granted, others are not", async () => {
    const client = await connected("pump-1");
    const good = [
      topics.twinReplies,
      topics.twinDesiredUpdates,
      topics.methodCalls,
      "devices/pump-1/messages/devicebound/#",
    ];
    for (const filter of good) expect(await client.subscribe(filter, 2)).toEqual([1]);
    for (const filter of ["devices/pump-2/messages/devicebound/#", "devices/#", "#", "$SYS/#", topics.replies]) {
      expect(await client.subscribe(filter)).toEqual([128]);
    }
    expect(hubCodes()).toEqual(["hub.subscriptionUnknown"]);
  });

  test.each([
    "devices/pump-2/messages/events/",
    "devices/pump-1/messages/devicebound/",
    "$iothub/twin/res/200/?$rid=1",
    "$iothub/twin/PATCH/properties/desired/?$version=9",
    "$dps/registrations/PUT/iotdps-register/?$rid=1",
    "$SYS/x",
    "devices/pump-1/messages/events/#",
  ])("PUBLISH %s closes the connection", async (topic) => {
    const client = await connected("pump-1");
    client.publish(topic, "x");
    await client.closed;
    expect(client.received.map((each) => each.cmd)).toEqual(["connack"]);
    expect(hubCodes()).toEqual(["hub.topicUnknown"]);
  });
});

describe("connections of a hub", () => {
  test("an attempt records the CONNECT", async () => {
    await connected("pump-1");
    expect(bench.attempts.find("pump-1")).toMatchObject({
      at: "hub",
      outcome: "connected",
      assignedHub: HUB,
      deviceId: "pump-1",
    });
  });

  test.each([
    {
      what: "another key",
      packet: () => hubUser("pump-1", Buffer.alloc(32, 1)),
      connack: 5,
      code: "hub.credentialMismatch",
    },
    { what: "an unknown device", packet: () => hubUser("pump-9"), connack: 5, code: "hub.unknownDevice" },
    { what: "another spelling", packet: () => hubUser("PUMP-1"), connack: 5, code: "hub.unknownDevice" },
    {
      what: "a wrong client id",
      packet: () => ({ ...hubUser("pump-1"), clientId: "x" }),
      connack: 2,
      code: "protocol.clientIdMismatch",
    },
    {
      what: "another hub",
      packet: () => ({ ...hubUser("pump-1"), username: "h.test/pump-1/?api-version=1" }),
      connack: 5,
      code: "hub.otherHub",
    },
    {
      what: "a module",
      packet: () => ({ ...hubUser("pump-1"), clientId: "pump-1/m", username: `${HUB}/pump-1/m/?api-version=1` }),
      connack: 5,
      code: "hub.modulesUnsupported",
    },
  ])("$what is refused: CONNACK $connack", async ({ packet, connack, code }) => {
    const client = await open();
    expect(await client.connect(packet())).toBe(connack);
    await client.closed;
    expect(hubCodes()).toEqual([code]);
  });

  test("a second connection with proof replaces the first", async () => {
    const first = await connected("pump-1");
    await first.subscribe(topics.twinDesiredUpdates);
    const second = await connected("pump-1");
    await first.closed;
    await second.subscribe(topics.twinDesiredUpdates);
    await bench.hub.patchDesired({ hub: HUB, deviceId: "pump-1" }, { a: 1 });
    expect(await second.next()).toMatchObject({ cmd: "publish" });
    await until(() => bench.broker.stats().connections === 1, "one connection is left");
    expect(bench.broker.stats()).toMatchObject({ sessions: 1 });
    const third = await connected("pump-1");
    await second.closed;
    expect(third.received.map((each) => each.cmd)).toEqual(["connack"]);
  });

  test("the hub is told when a connection that it accepted ends, even if it ended before it was accepted", async () => {
    const connect = bench.hub.connect.bind(bench.hub);
    const left: string[] = [];
    let asked = 0;
    let gate = Promise.resolve();
    bench.hub.connect = async (request) => {
      asked++;
      await gate;
      const admission = await connect(request);
      return admission.kind === "refused" ? admission : { ...admission, left: () => void left.push(request.deviceId) };
    };
    await connected("pump-1");
    await connected("pump-1");
    await until(() => left.length === 1, "the first one has left");
    let release: () => void = () => undefined;
    gate = new Promise((resolve) => (release = resolve));
    const hasty = await open();
    hasty.send({
      cmd: "connect",
      protocolId: "MQTT",
      protocolVersion: 4,
      clean: true,
      keepalive: 0,
      ...hubUser("pump-2"),
    });
    await until(() => asked === 3, "the hub was asked");
    hasty.kill();
    await until(() => bench.broker.stats().connections === 1, "the hasty one is gone");
    release();
    await until(() => left.length === 2, "the hasty one has left");
    expect(left).toEqual(["pump-1", "pump-2"]);
    expect(bench.broker.isConnected({ hub: HUB, deviceId: "pump-1" })).toBe(true);
  });

  test("a connection without proof replaces no connection", async () => {
    const first = await connected("pump-1");
    await first.subscribe(topics.twinReplies);
    const stranger = await open();
    expect(await stranger.connect(hubUser("pump-1", Buffer.alloc(32, 1)))).toBe(5);
    await stranger.closed;
    const provisioning = await open();
    expect(await provisioning.connect(provisioningUser("pump-1"))).toBe(0);
    first.publish("$iothub/twin/GET/?$rid=1", "", { qos: 0 });
    expect(await first.next()).toMatchObject({ topic: "$iothub/twin/res/200/?$rid=1" });
  });

  test("a port in hub and sr is accepted", async () => {
    const client = await open();
    const user = hubUser("pump-1");
    expect(await client.connect({ ...user, username: user.username.replace(HUB, `${HUB}:8883`) })).toBe(0);
  });
});

describe("a device that an operator deletes", () => {
  test("is disconnected, and refused with a finding when it returns; other devices stay connected", async () => {
    const [deleted, other] = [await connected("pump-1"), await connected("pump-2")];
    const device = { hub: HUB, deviceId: "pump-1" };
    expect(bench.broker.isConnected(device)).toBe(true);
    expect(await bench.hub.removeDevice(device)).toBe(true);
    await deleted.closed;
    const [attempt] = bench.attempts.recent(10).filter((each) => each.registrationId === "pump-1");
    expect(attempt?.findings.map((each) => each.code)).toEqual(["hub.connectionClosed"]);
    expect(bench.broker.isConnected(device)).toBe(false);
    expect(await (await open()).connect(hubUser("pump-1"))).toBe(5);
    expect(hubCodes()).toEqual(["hub.deviceDeleted"]);
    expect(await other.subscribe(topics.twinReplies)).toEqual([1]);
  });

  test("is answered 404 and disconnected at its next request when another node deleted it", async () => {
    const client = await connected("pump-1");
    await client.subscribe(topics.twinReplies);
    await bench.devices.removeDevice(HUB, "pump-1");
    client.publish(`${topics.twinGet}?$rid=1`, "", { qos: 0 });
    expect(await client.next()).toMatchObject({ topic: "$iothub/twin/res/404/?$rid=1" });
    await client.closed;
    expect(hubCodes()).toEqual(["hub.connectionClosed"]);
  });
});

describe("a store that cannot be reached", () => {
  test("causes CONNACK 3 at the hub, with a finding and a log entry", async () => {
    bench.devices.isBroken = true;
    expect(await (await open()).connect(hubUser("pump-1"))).toBe(3);
    expect(hubCodes()).toEqual(["service.internal"]);
    expect(bench.errors).toEqual(["Error: planted"]);
    bench.devices.isBroken = false;
    expect(await (await open()).connect(hubUser("pump-1"))).toBe(0);
  });

  test("causes a status 500 for a twin request, logged with its tracking id", async () => {
    const client = await connected("pump-1");
    await client.subscribe(topics.twinReplies);
    bench.devices.isBroken = true;
    client.publish(`${topics.twinGet}?$rid=1`, "", { qos: 0 });
    const reply = (await client.next()) as { topic: string; payload: Buffer };
    expect(reply.topic).toBe("$iothub/twin/res/500/?$rid=1");
    const { errorCode, trackingId } = JSON.parse(String(reply.payload)) as { errorCode: number; trackingId: string };
    expect(errorCode).toBe(500001);
    expect(bench.attempts.find(trackingId)).toMatchObject({ at: "hub", registrationId: "pump-1" });
  });
});
