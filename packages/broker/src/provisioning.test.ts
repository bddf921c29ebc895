import { finding, topics } from "@rollcall/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Bench, openBench, provisioningUser, until, untilEmpty } from "./testing/bench.js";
import { RawClient } from "./testing/raw-client.js";

let bench: Bench;
const clients: RawClient[] = [];

async function open(): Promise<RawClient> {
  const client = await RawClient.open(bench.port);
  clients.push(client);
  return client;
}

async function admitted(id: string): Promise<RawClient> {
  const client = await open();
  expect(await client.connect(provisioningUser(id))).toBe(0);
  expect(await client.subscribe(topics.replies)).toEqual([1]);
  return client;
}

const register = (rid: string) => `${topics.register}?$rid=${rid}`;
const poll = (rid: string, operationId: string) => `${topics.operationStatus}?$rid=${rid}&operationId=${operationId}`;
const codes = (id: string) => bench.attempts.find(id)?.findings.map((each) => each.code);

beforeEach(async () => {
  bench = await openBench();
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.kill();
  await untilEmpty(bench.broker);
  await bench.close();
});

describe("one registration", () => {
  test("PUBACK comes before the reply, for register and for the poll", async () => {
    const client = await admitted("pump-1");
    client.publish(register("77"), '{"registrationId":"pump-1"}', { messageId: 2 });
    expect(await client.next()).toMatchObject({ cmd: "puback", messageId: 2 });
    const accepted = await client.next();
    expect(accepted).toMatchObject({
      cmd: "publish",
      qos: 1,
      retain: false,
      topic: "$dps/registrations/res/202/?$rid=77&retry-after=3",
    });
    client.send({ cmd: "puback", messageId: (accepted as { messageId: number }).messageId });
    client.publish(poll("78", "op-pump-1"), " ", { messageId: 3 });
    expect(await client.next()).toMatchObject({ cmd: "puback", messageId: 3 });
    const done = await client.next();
    expect(done).toMatchObject({ cmd: "publish", qos: 1, topic: "$dps/registrations/res/200/?$rid=78" });
    const text = (done as { payload: Buffer }).payload.toString("latin1");
    expect(text).toContain("h\\u00fcb.test");
    expect(JSON.parse(text)).toMatchObject({ status: "assigned", registrationState: { registrationId: "pump-1" } });
    expect(bench.engine.asked).toEqual(["admit pump-1 tls", "register pump-1", "poll pump-1 op-pump-1"]);
  });

  test("at QoS 0 is answered after a pause: Java starts to listen only after it has sent", async () => {
    await bench.close();
    bench = await openBench({ times: { quickReply: 300 } });
    const [early, late] = [await admitted("pump-1"), await admitted("pump-2")];
    const order: string[] = [];
    early.publish(register("1"), "", { qos: 0 });
    await until(() => bench.engine.asked.includes("register pump-1"), "the request at QoS 0 is with the engine");
    late.publish(register("2"), "", { messageId: 1 });
    const earlyReply = early.next().then(() => order.push("QoS 0"));
    expect(await late.next()).toMatchObject({ cmd: "puback" });
    await late.next().then(() => order.push("QoS 1"));
    await earlyReply;
    expect(order).toEqual(["QoS 1", "QoS 0"]);
  });

  test("an empty body, QoS 0, an unusual $rid and RETAIN are accepted", async () => {
    const client = await admitted("pump-1");
    const rid = "%7Ba-b%2Fc%7D";
    client.publish(register(rid), "", { qos: 0, retain: true });
    expect(await client.next()).toMatchObject({
      cmd: "publish",
      topic: `$dps/registrations/res/202/?$rid=${rid}&retry-after=3`,
    });
    expect(bench.engine.bodies[0]).toHaveLength(0);
    const later = await admitted("pump-2");
    expect(later.received.map((each) => each.cmd)).toEqual(["connack", "suback"]);
  });

  test("clean session 0 gets session-present 0, also the second time", async () => {
    for (const _ of [1, 2]) {
      const client = await open();
      expect(await client.connect({ ...provisioningUser("pump-1"), clean: false })).toBe(0);
      expect(client.received[0]).toMatchObject({ sessionPresent: false });
      await client.subscribe(topics.replies);
      client.kill();
    }
  });

  test("CONNECT, SUBSCRIBE and PUBLISH may come in one segment", async () => {
    const client = await open();
    client.send(
      {
        cmd: "connect",
        protocolId: "MQTT",
        protocolVersion: 4,
        clean: false,
        keepalive: 60,
        ...provisioningUser("pump-1"),
      },
      { cmd: "subscribe", messageId: 1, subscriptions: [{ topic: topics.replies, qos: 1 }] },
      { cmd: "publish", topic: register("1"), payload: "{}", qos: 1, dup: false, retain: false, messageId: 2 },
      { cmd: "pingreq" },
    );
    const received = [];
    while (received.length < 5) received.push((await client.next()).cmd);
    expect(received).toEqual(expect.arrayContaining(["connack", "suback", "puback", "publish", "pingresp"]));
    expect(received.indexOf("puback")).toBeLessThan(received.indexOf("publish"));
  });

  test("two simultaneous devices only get their own replies", async () => {
    let release: () => void = () => undefined;
    bench.engine.gate = new Promise((resolve) => {
      release = resolve;
    });
    const [one, two] = [await admitted("one"), await admitted("two")];
    one.publish(register("1"), "{}");
    two.publish(register("2"), "{}");
    expect(await one.next()).toMatchObject({ cmd: "puback" });
    expect(await two.next()).toMatchObject({ cmd: "puback" });
    release();
    expect(String(((await one.next()) as { payload: Buffer }).payload)).toContain("op-one");
    expect(String(((await two.next()) as { payload: Buffer }).payload)).toContain("op-two");
    for (const client of [one, two]) {
      client.send({ cmd: "pingreq" });
      expect(await client.next()).toMatchObject({ cmd: "pingresp" });
      expect(client.received.filter((each) => each.cmd === "publish")).toHaveLength(1);
    }
  });

  test("replies keep the order of the requests; a later register is an attempt of its own", async () => {
    const client = await admitted("pump-1");
    for (const rid of ["1", "2", "3"]) client.publish(register(rid), "{}", { qos: 0 });
    for (const rid of ["1", "2", "3"]) {
      expect(await client.next()).toMatchObject({ topic: `$dps/registrations/res/202/?$rid=${rid}&retry-after=3` });
    }
    expect(bench.attempts.recent(9).map((each) => each.registrationId)).toEqual(["pump-1", "pump-1", "pump-1"]);
  });

  test("without a subscription there is a finding instead of a reply", async () => {
    const client = await open();
    await client.connect(provisioningUser("pump-1"));
    client.publish(register("9"), "{}");
    expect(await client.next()).toMatchObject({ cmd: "puback" });
    client.send({ cmd: "pingreq" });
    expect(await client.next()).toMatchObject({ cmd: "pingresp" });
    expect(codes("pump-1")).toEqual(["protocol.notSubscribed"]);
  });

  test("after UNSUBSCRIBE there is no reply", async () => {
    const client = await admitted("pump-1");
    client.send({ cmd: "unsubscribe", messageId: 5, unsubscriptions: [topics.replies] });
    expect(await client.next()).toMatchObject({ cmd: "unsuback", messageId: 5 });
    client.publish(register("9"), "{}");
    expect(await client.next()).toMatchObject({ cmd: "puback" });
    client.send({ cmd: "pingreq" });
    expect(await client.next()).toMatchObject({ cmd: "pingresp" });
    expect(codes("pump-1")).toEqual(["protocol.notSubscribed"]);
  });

  test("an internal error of the engine is answered with 500 and valid JSON", async () => {
    const client = await admitted("faulty");
    client.publish(register("9"), "{}", { qos: 0 });
    const reply = (await client.next()) as { topic: string; payload: Buffer };
    expect(reply.topic).toBe("$dps/registrations/res/500/?$rid=9&retry-after=3");
    expect(JSON.parse(String(reply.payload))).toMatchObject({ errorCode: 500001 });
  });

  test("if the engine rejects against its contract, the error is logged and the connection stays open", async () => {
    const client = await admitted("broken");
    client.publish(register("9"), "{}", { qos: 0 });
    client.send({ cmd: "pingreq" });
    expect(await client.next()).toMatchObject({ cmd: "pingresp" });
    expect(bench.errors).toEqual(["a reply failed"]);
  });
});

describe("CONNECT", () => {
  test.each([
    { what: "no user name", packet: { clientId: "pump-1" }, connack: 4, code: "protocol.userNameMalformed" },
    {
      what: "a user name of a wrong form",
      packet: { clientId: "pump-1", username: "admin" },
      connack: 4,
      code: "protocol.userNameMalformed",
    },
    {
      what: "a wrong client id",
      packet: { ...provisioningUser("pump-1"), clientId: "pump-2" },
      connack: 2,
      code: "protocol.clientIdMismatch",
    },
    {
      what: "an empty client id",
      packet: { ...provisioningUser("pump-1"), clientId: "" },
      connack: 2,
      code: "protocol.clientIdMismatch",
    },
  ])("$what: CONNACK $connack, $code", async ({ packet, connack, code }) => {
    const client = await open();
    expect(await client.connect(packet)).toBe(connack);
    await client.closed;
    const attempt = bench.attempts.find("pump-1");
    expect(attempt).toMatchObject({ outcome: "refused", reply: { connack } });
    expect(attempt?.findings.map((each) => each.code)).toEqual([code]);
  });

  test("the client id is compared without case", async () => {
    const client = await open();
    expect(await client.connect({ ...provisioningUser("Pump-1"), clientId: "pUMP-1" })).toBe(0);
  });

  test.each([
    { what: "MQTT 3.1", bytes: [0x10, 13, 0, 6, ...Buffer.from("MQIsdp"), 3, 2, 0, 0, 0, 1] },
    { what: "MQTT 5", bytes: [0x10, 14, 0, 4, ...Buffer.from("MQTT"), 5, 2, 0, 0, 0, 0, 1, 0x61] },
    { what: "level 6", bytes: [0x10, 13, 0, 4, ...Buffer.from("MQTT"), 6, 2, 0, 0, 0, 1, 0x61] },
    { what: "level 0", bytes: [0x10, 13, 0, 4, ...Buffer.from("MQTT"), 0, 2, 0, 0, 0, 1, 0x61] },
  ])("$what: CONNACK 1", async ({ bytes, what }) => {
    const packet = what === "MQTT 3.1" ? Buffer.from([...bytes, 0x61]) : Buffer.from(bytes);
    packet[1] = packet.length - 2;
    const client = await open();
    client.stream.write(packet);
    expect(await client.next()).toMatchObject({ cmd: "connack", returnCode: 1 });
    await client.closed;
    expect(bench.attempts.recent(1)[0]?.findings[0]?.code).toBe("protocol.mqttVersionUnsupported");
  });

  test.each([
    { reason: "identifier", connack: 2 },
    { reason: "unavailable", connack: 3 },
    { reason: "credentials", connack: 4 },
    { reason: "notAuthorized", connack: 5 },
  ] as const)("an admission refused for $reason gets CONNACK $connack", async ({ reason, connack }) => {
    const found = finding("service.internal", { values: { trackingId: "t" } });
    bench.engine.admission = async () => ({ kind: "refused", reason, findings: [found] });
    const client = await open();
    expect(await client.connect(provisioningUser("pump-1"))).toBe(connack);
    expect(bench.attempts.find("pump-1")).toMatchObject({
      outcome: "refused",
      reply: { connack },
      findings: [{ code: "service.internal" }],
    });
  });

  test("if the engine rejects against its contract, only this connection is closed", async () => {
    bench.engine.admission = () => Promise.reject(new Error("planted"));
    const client = await open();
    client.send({
      cmd: "connect",
      protocolId: "MQTT",
      protocolVersion: 4,
      clean: true,
      keepalive: 0,
      ...provisioningUser("pump-1"),
    });
    await client.closed;
    expect(client.received).toEqual([]);
    expect(bench.errors).toEqual(["a CONNECT failed"]);
    bench.engine.admission = async () => ({ kind: "admitted" });
    expect(await (await open()).connect(provisioningUser("pump-2"))).toBe(0);
  });

  test("a token is passed to the engine; an empty password counts as absent", async () => {
    const one = await open();
    await one.connect({ ...provisioningUser("one"), password: Buffer.from("SharedAccessSignature x") });
    const two = await open();
    await two.connect({ ...provisioningUser("two"), password: Buffer.alloc(0) });
    expect(bench.engine.asked).toEqual(["admit one sas", "admit two tls"]);
  });

  test("a second CONNECT closes the connection", async () => {
    const client = await admitted("pump-1");
    client.send({
      cmd: "connect",
      protocolId: "MQTT",
      protocolVersion: 4,
      clean: true,
      keepalive: 0,
      ...provisioningUser("pump-1"),
    });
    await client.closed;
  });

  test("a will is not delivered", async () => {
    const listener = await admitted("listener");
    const client = await open();
    const will = { topic: register("1"), payload: Buffer.from("{}"), qos: 1 as const, retain: true };
    expect(await client.connect({ ...provisioningUser("pump-1"), will })).toBe(0);
    client.kill();
    await client.closed;
    listener.send({ cmd: "pingreq" });
    expect(await listener.next()).toMatchObject({ cmd: "pingresp" });
    expect(bench.engine.asked).toEqual(["admit listener tls", "admit pump-1 tls"]);
  });

  test("two connections with the same registration id stay connected side by side", async () => {
    const [one, two] = [await admitted("pump-1"), await admitted("pump-1")];
    for (const client of [one, two]) {
      client.publish(register("5"), "{}", { qos: 0 });
      expect(await client.next()).toMatchObject({ cmd: "publish" });
    }
  });
});

describe("unsupported topics and QoS", () => {
  test.each([
    "$dps/registrations/#",
    "#",
    "$SYS/#",
    "$dps/registrations/res/200/#",
    "devices/pump-1/messages/devicebound/#",
    "$iothub/twin/res/#",
    "a",
  ])("SUBSCRIBE %s: 0x80", async (filter) => {
    const client = await open();
    await client.connect(provisioningUser("pump-1"));
    expect(await client.subscribe(filter)).toEqual([128]);
    expect(codes("pump-1")).toEqual(["protocol.subscriptionUnknown"]);
    expect(await client.subscribe(topics.replies)).toEqual([1]);
  });

  test("QoS 2 is granted as QoS 1", async () => {
    const client = await open();
    await client.connect(provisioningUser("pump-1"));
    expect(await client.subscribe(topics.replies, 2)).toEqual([1]);
  });

  test.each([
    "$SYS/broker/new/clients",
    "$dps/registrations/res/200/?$rid=1",
    "$dps/registrations/res/#",
    "$dps/registrations/PUT/iotdps-register/",
    "$dps/registrations/PUT/iotdps-register/?rid=1",
    "devices/pump-1/messages/events/",
    "$iothub/twin/GET/?$rid=1",
    "+",
    "a/".repeat(200),
  ])("PUBLISH %s closes the connection", async (topic) => {
    const client = await admitted("pump-1");
    client.publish(topic, "x");
    await client.closed;
    expect(client.received.map((each) => each.cmd)).toEqual(["connack", "suback"]);
    expect(codes("pump-1")).toEqual(["protocol.topicUnknown"]);
    expect(bench.attempts.find("pump-1")).toMatchObject({ outcome: "abandoned" });
  });

  test.each(["ab#", "a/#/b", "ab+c", ""])("SUBSCRIBE %s, an invalid filter, closes the connection", async (filter) => {
    const client = await open();
    await client.connect(provisioningUser("pump-1"));
    const body = Buffer.from([0, 7, 0, filter.length, ...Buffer.from(filter), 1]);
    client.stream.write(Buffer.concat([Buffer.of(0x82, body.length), body]));
    await client.closed;
    await until(() => codes("pump-1")?.[0] === "protocol.packetInvalid", "the finding is there");
  });

  test("PUBLISH at QoS 2 closes the connection", async () => {
    const client = await admitted("pump-1");
    client.publish(register("1"), "{}", { qos: 2 });
    await client.closed;
    expect(codes("pump-1")).toEqual(["protocol.qosUnsupported"]);
    expect(bench.engine.asked).not.toContain("register pump-1");
  });
});
