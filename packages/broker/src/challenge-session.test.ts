import { finding, topics } from "@rollcall/protocol";
import { afterEach, describe, expect, test } from "vitest";
import type { BrokerOptions } from "./broker-types.js";
import { type Bench, openBench, provisioningUser, until, untilEmpty } from "./testing/bench.js";
import { RawClient } from "./testing/raw-client.js";

let bench: Bench;
const clients: RawClient[] = [];
const register = `${topics.register}?$rid=1`;

async function challenged(options: Partial<BrokerOptions> = {}): Promise<RawClient> {
  bench = await openBench(options);
  bench.engine.admission = async () => ({ kind: "challengeOnly" });
  const client = await RawClient.open(bench.port);
  clients.push(client);
  return client;
}

afterEach(async () => {
  for (const client of clients.splice(0)) client.kill();
  await untilEmpty(bench.broker);
  await bench.close();
});

describe("a connection that only asks for a TPM challenge", () => {
  test("gets the answer to one register request", async () => {
    const client = await challenged();
    expect(await client.connect(provisioningUser("tpm-1"))).toBe(0);
    expect(bench.broker.stats()).toEqual({ connections: 1, sessions: 0, challengeSessions: 1, timers: 1 });
    expect(await client.subscribe(topics.replies)).toEqual([1]);
    client.publish(register, "{}");
    expect(await client.next()).toMatchObject({ cmd: "puback" });
    expect(await client.next()).toMatchObject({ cmd: "publish" });
    client.send({ cmd: "disconnect" });
    await client.closed;
  });

  test.each([
    { what: "a second register request", topic: register },
    { what: "a poll", topic: `${topics.operationStatus}?$rid=2&operationId=op` },
  ])("$what closes it", async ({ topic }) => {
    const client = await challenged();
    await client.connect(provisioningUser("tpm-1"));
    await client.subscribe(topics.replies);
    client.publish(register, "{}", { qos: 0 });
    await client.next();
    client.publish(topic, "{}", { qos: 0 });
    await client.closed;
    expect(bench.attempts.find("tpm-1")?.findings.map((each) => each.code)).toEqual(["tpm.challengeOnly"]);
    expect(bench.engine.asked).toEqual(["admit tpm-1 tls", "register tpm-1"]);
  });

  test.each([0, 1] as const)("two register requests in one segment at QoS %i: at most one is answered", async (qos) => {
    const client = await challenged();
    await client.connect(provisioningUser("tpm-1"));
    const packet = { cmd: "publish", topic: register, payload: "{}", qos, dup: false, retain: false } as const;
    client.send({ ...packet, messageId: 1 }, { ...packet, messageId: 2 });
    await client.closed;
    expect(bench.engine.asked.filter((each) => each.startsWith("register")).length).toBeLessThan(2);
    expect(bench.attempts.find("tpm-1")?.findings.map((each) => each.code)).toContain("tpm.challengeOnly");
  });

  test.each(["$SYS/#", "$iothub/twin/res/#", "#"])("SUBSCRIBE %s: 0x80", async (filter) => {
    const client = await challenged();
    await client.connect(provisioningUser("tpm-1"));
    expect(await client.subscribe(filter)).toEqual([128]);
  });

  test("it is closed after its time limit, and leaves no timer", async () => {
    const client = await challenged({ times: { challengeSession: 20 } });
    await client.connect(provisioningUser("tpm-1"));
    await client.closed;
    client.stream.end();
    await until(() => bench.broker.stats().timers === 0, "no timer is left");
    expect(bench.attempts.find("tpm-1")).toMatchObject({ outcome: "abandoned" });
  });

  test("where the listener does not offer it: CONNACK 5", async () => {
    const client = await challenged({ tpmOverMqtt: () => false });
    expect(await client.connect(provisioningUser("tpm-1"))).toBe(5);
    expect(bench.attempts.find("tpm-1")?.findings.map((each) => each.code)).toEqual(["tpm.notOverMqtt"]);
  });

  test("it does not disconnect a device that has proved the same id", async () => {
    const stranger = await challenged();
    bench.engine.admission = async ({ credentials }) => ({
      kind: credentials.kind === "sas" ? "admitted" : "challengeOnly",
    });
    const device = await RawClient.open(bench.port);
    clients.push(device);
    await device.connect({ ...provisioningUser("tpm-1"), password: Buffer.from("token") });
    await device.subscribe(topics.replies);
    expect(await stranger.connect(provisioningUser("tpm-1"))).toBe(0);
    device.publish(register, "{}", { qos: 0 });
    expect(await device.next()).toMatchObject({ cmd: "publish" });
  });
});

test("a refused admission gets a CONNACK with its code, and a finding", async () => {
  const client = await challenged();
  bench.engine.admission = async () => ({
    kind: "refused",
    reason: "notAuthorized",
    findings: [finding("token.expired", { values: { ago: "1 h", slow: "2 h" } })],
  });
  expect(await client.connect(provisioningUser("tpm-1"))).toBe(5);
  await client.closed;
  expect(bench.attempts.find("tpm-1")).toMatchObject({
    outcome: "refused",
    reply: { connack: 5 },
    findings: [{ code: "token.expired" }],
  });
});
