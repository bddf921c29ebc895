import { limits, topics } from "@rollcall/protocol";
import type { IPublishPacket } from "mqtt-packet";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Bench, HUB, hubUser, openBench, provisioningUser, until, untilEmpty } from "./testing/bench.js";
import { RawClient } from "./testing/raw-client.js";

/** The state that outlasts a connection to the hub (wire.md#hub-sessions, MQTT 3.1.1 sections 3.1.2.4 and 4.4). */

let bench: Bench;
let now: number;
const clients: RawClient[] = [];
const device = { hub: HUB, deviceId: "pump-1" };

beforeEach(async () => {
  now = Date.now();
  bench = await openBench({ clock: () => now });
  for (const id of ["pump-1", "pump-2"]) bench.devices.add(id);
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.kill();
  await untilEmpty(bench.broker);
  await bench.close();
});

async function open(): Promise<RawClient> {
  const client = await RawClient.open(bench.port);
  clients.push(client);
  return client;
}

/** A device at its hub, and the session present flag that it was told. */
async function connected(clean: boolean, id = "pump-1"): Promise<{ client: RawClient; isPresent: boolean }> {
  const client = await open();
  expect(await client.connect({ ...hubUser(id), clean })).toBe(0);
  const connack = client.received[0] as { readonly sessionPresent: boolean };
  return { client, isPresent: connack.sessionPresent };
}

/** Cuts the socket, and waits until the broker has noticed. */
async function cut(client: RawClient): Promise<void> {
  const before = bench.broker.stats().connections;
  client.kill();
  await until(() => bench.broker.stats().connections < before, "the connection is gone");
}

const desire = (value: number) => bench.hub.patchDesired(device, { value });
const wishOf = (packet: unknown) => JSON.parse(String((packet as IPublishPacket).payload)).value;

/** Everything that is still on its way has come once the PINGRESP has. */
async function nothingMore(client: RawClient): Promise<void> {
  client.send({ cmd: "pingreq" });
  expect(await client.next()).toMatchObject({ cmd: "pingresp" });
}

async function nextMessage(client: RawClient): Promise<IPublishPacket> {
  const packet = await client.next();
  expect(packet.cmd).toBe("publish");
  return packet as IPublishPacket;
}

function acknowledge(client: RawClient, ...messages: readonly IPublishPacket[]): void {
  for (const { messageId = 0 } of messages) client.send({ cmd: "puback", messageId });
}

describe("session present", () => {
  test.each([
    { first: false, second: false, present: [false, true] },
    { first: false, second: true, present: [false, false] },
    { first: true, second: false, present: [false, false] },
    { first: true, second: true, present: [false, false] },
  ])("clean $first, then clean $second: $present", async ({ first, second, present }) => {
    const one = await connected(first);
    await one.client.subscribe(topics.twinReplies);
    await cut(one.client);
    const two = await connected(second);
    expect([one.isPresent, two.isPresent]).toEqual(present);
  });

  test("is the lowest bit of the CONNACK, and the only one", async () => {
    const { client } = await connected(false);
    await cut(client);
    const again = await open();
    const bytes: Buffer[] = [];
    again.stream.on("data", (chunk: Buffer) => bytes.push(chunk));
    await again.connect({ ...hubUser("pump-1"), clean: false });
    expect(Buffer.concat(bytes)).toEqual(Buffer.from([0x20, 2, 1, 0]));
  });

  test("is never set where a device is refused, though it has a session", async () => {
    const { client } = await connected(false);
    await cut(client);
    const other = await open();
    expect(await other.connect({ ...hubUser("pump-1", Buffer.alloc(32, 9)), clean: false })).toBe(5);
    expect(other.received[0]).toMatchObject({ sessionPresent: false });
    expect((await connected(false)).isPresent).toBe(true);
  });

  test("is never set at the provisioning service, which keeps nothing", async () => {
    for (let turn = 0; turn < 2; turn++) {
      const client = await open();
      expect(await client.connect({ ...provisioningUser("pump-1"), password: Buffer.from("x"), clean: false })).toBe(0);
      expect(client.received[0]).toMatchObject({ sessionPresent: false });
      if (turn === 0) await client.subscribe(topics.replies);
      else {
        client.publish(`${topics.register}?$rid=1`, "{}");
        expect(await client.next()).toMatchObject({ cmd: "puback" });
        await nothingMore(client);
      }
      await cut(client);
    }
    expect(bench.devices.sessions.size).toBe(0);
  });
});

describe("subscriptions", () => {
  test("are kept with clean session 0: the next change comes without a new SUBSCRIBE, the missed one never", async () => {
    const { client } = await connected(false);
    expect(await client.subscribe(topics.twinDesiredUpdates)).toEqual([1]);
    await desire(1);
    const first = await nextMessage(client);
    acknowledge(client, first);
    await nothingMore(client);
    await cut(client);
    await desire(2);
    const { client: again, isPresent } = await connected(false);
    expect(isPresent).toBe(true);
    await nothingMore(again);
    await desire(3);
    expect(await nextMessage(again)).toMatchObject({ qos: 1, dup: false });
    expect(wishOf(again.received.at(-1))).toBe(3);
  });

  test("are granted again at the quality of service that they had", async () => {
    const { client } = await connected(false);
    expect(await client.subscribe(topics.twinReplies, 0)).toEqual([0]);
    expect(await client.subscribe(topics.twinDesiredUpdates, 2)).toEqual([1]);
    await cut(client);
    const { client: again } = await connected(false);
    again.publish(`${topics.twinGet}?$rid=1`, "", { qos: 0 });
    expect(await again.next()).toMatchObject({ cmd: "publish", qos: 0 });
    await desire(1);
    expect(await again.next()).toMatchObject({ cmd: "publish", qos: 1 });
  });

  test("are cleared by clean session 1, for the connection after it, too", async () => {
    const { client } = await connected(false);
    await client.subscribe(topics.twinDesiredUpdates);
    await cut(client);
    for (const clean of [true, false]) {
      const { client: again, isPresent } = await connected(clean);
      expect(isPresent).toBe(false);
      await desire(1);
      await nothingMore(again);
      await cut(again);
    }
  });

  test("of a connection with clean session 1 end with it", async () => {
    const { client } = await connected(true);
    await client.subscribe(topics.twinDesiredUpdates);
    await cut(client);
    expect(bench.devices.sessions.size).toBe(0);
    const { client: again } = await connected(false);
    await desire(1);
    await nothingMore(again);
  });

  test("that were given up are not kept, whether the client says goodbye or not", async () => {
    const { client } = await connected(false);
    for (const filter of [topics.twinDesiredUpdates, topics.twinReplies]) await client.subscribe(filter);
    client.send({ cmd: "unsubscribe", messageId: 9, unsubscriptions: [topics.twinDesiredUpdates, "never"] });
    expect(await client.next()).toMatchObject({ cmd: "unsuback", messageId: 9 });
    client.send({ cmd: "disconnect" });
    await client.closed;
    const { client: again } = await connected(false);
    expect(bench.devices.sessions.get("pump-1")?.subscriptions).toEqual([{ filter: topics.twinReplies, qos: 1 }]);
    await desire(1);
    await nothingMore(again);
  });

  test("that are restored can be given up", async () => {
    const { client } = await connected(false);
    await client.subscribe(topics.twinDesiredUpdates);
    await cut(client);
    const { client: again } = await connected(false);
    again.send({ cmd: "unsubscribe", messageId: 9, unsubscriptions: [topics.twinDesiredUpdates] });
    expect(await again.next()).toMatchObject({ cmd: "unsuback", messageId: 9 });
    await desire(1);
    await nothingMore(again);
  });

  test("survive a take-over by the same device id, whose older connection is closed", async () => {
    const one = await connected(false);
    await one.client.subscribe(topics.twinDesiredUpdates);
    const two = await connected(false);
    await one.client.closed;
    expect(two.isPresent).toBe(true);
    await desire(4);
    expect(wishOf(await nextMessage(two.client))).toBe(4);
  });

  test("end with their device, and belong to nobody else", async () => {
    const { client } = await connected(false);
    await client.subscribe(topics.twinDesiredUpdates);
    expect((await connected(false, "pump-2")).isPresent).toBe(false);
    await bench.hub.removeDevice(device);
    await client.closed;
    bench.devices.add("pump-1");
    const { client: again, isPresent } = await connected(false);
    expect(isPresent).toBe(false);
    await desire(1);
    await nothingMore(again);
  });

  test("are five at the most, restored ones counted; none is longer than 512 characters", async () => {
    const escaped = "a%24".repeat(20);
    bench.devices.add(escaped);
    const own = [
      ...[topics.twinReplies, topics.twinDesiredUpdates, topics.methodCalls],
      ...[`devices/${escaped}/messages/devicebound/#`, `devices/${encodeURIComponent(escaped)}/messages/devicebound/#`],
    ];
    const { client } = await connected(false, escaped);
    for (const filter of own) expect(await client.subscribe(filter)).toEqual([1]);
    await cut(client);
    const { client: again } = await connected(false, escaped);
    expect(bench.devices.sessions.get(escaped)?.subscriptions).toHaveLength(limits.hubSubscriptions);
    for (const filter of own) expect(await again.subscribe(filter)).toEqual([1]);
    expect(await again.subscribe("devices/#")).toEqual([128]);
  });

  test("are acknowledged once they are kept; where the store fails, the connection ends and says why", async () => {
    const { client } = await connected(false);
    await nothingMore(client);
    bench.devices.takesNoSessions = true;
    client.send({ cmd: "subscribe", messageId: 7, subscriptions: [{ topic: topics.twinReplies, qos: 1 }] });
    await client.closed;
    expect(client.received.map((each) => each.cmd)).toEqual(["connack", "pingresp"]);
    expect(bench.attempts.recent(1)[0]?.findings.map((each) => each.code)).toEqual(["service.internal"]);
    const { client: clean } = await connected(true, "pump-2");
    expect(await clean.subscribe(topics.twinReplies)).toEqual([1]);
  });
});

describe("a message without its PUBACK", () => {
  async function unacknowledged(count: number): Promise<readonly IPublishPacket[]> {
    const { client } = await connected(false);
    await client.subscribe(topics.twinDesiredUpdates);
    const messages: IPublishPacket[] = [];
    for (let n = 1; n <= count; n++) {
      await desire(n);
      messages.push(await nextMessage(client));
    }
    await cut(client);
    return messages;
  }

  test("is sent again at the next connection, marked, with its packet id, until it is acknowledged", async () => {
    const [one, two, three] = await unacknowledged(3);
    for (let turn = 0; turn < 2; turn++) {
      const { client } = await connected(false);
      for (const sent of [one, two, three])
        expect(await nextMessage(client)).toMatchObject({
          ...{ topic: sent?.topic, payload: sent?.payload, messageId: sent?.messageId },
          ...{ dup: true, qos: 1 },
        });
      await nothingMore(client);
      await cut(client);
    }
    const { client } = await connected(false);
    const again = [await nextMessage(client), await nextMessage(client), await nextMessage(client)];
    acknowledge(client, again[0]!, again[2]!);
    await desire(4);
    const fresh = await nextMessage(client);
    expect([fresh.dup, again.map((each) => each.messageId).includes(fresh.messageId)]).toEqual([false, false]);
    acknowledge(client, fresh);
    await nothingMore(client);
    await cut(client);
    const { client: last } = await connected(false);
    expect(wishOf(await nextMessage(last))).toBe(2);
    await nothingMore(last);
  });

  test("is not sent twice on one connection, nor after a PUBACK", async () => {
    const { client } = await connected(false);
    await client.subscribe(topics.twinDesiredUpdates);
    await desire(1);
    acknowledge(client, await nextMessage(client));
    await nothingMore(client);
    await cut(client);
    await nothingMore((await connected(false)).client);
  });

  test("is sent again to who takes the place over while the older connection stands", async () => {
    const { client } = await connected(false);
    await client.subscribe(topics.twinDesiredUpdates);
    await desire(1);
    const { messageId } = await nextMessage(client);
    const { client: next } = await connected(false);
    expect(await nextMessage(next)).toMatchObject({ dup: true, messageId });
    await client.closed;
  });

  test("is dropped with the session, and is nobody else's", async () => {
    await unacknowledged(1);
    await nothingMore((await connected(false, "pump-2")).client);
    const { client } = await connected(true);
    await nothingMore(client);
    await cut(client);
    await nothingMore((await connected(false)).client);
  });

  test("is dropped with the device, though another of its name comes", async () => {
    await unacknowledged(1);
    await bench.hub.removeDevice(device);
    bench.devices.add("pump-1");
    await nothingMore((await connected(false)).client);
  });

  test("of a clean session, or at QoS 0, is sent once", async () => {
    for (const { clean, qos } of [
      { clean: true, qos: 1 },
      { clean: false, qos: 0 },
    ] as const) {
      const { client } = await connected(clean);
      await client.subscribe(topics.twinDesiredUpdates, qos);
      await desire(1);
      await nextMessage(client);
      await cut(client);
      const { client: again } = await connected(false);
      await nothingMore(again);
      await cut(again);
    }
  });

  test(`is one of ${limits.hubUnacknowledged} at the most: the oldest are forgotten`, async () => {
    await unacknowledged(limits.hubUnacknowledged + 2);
    const { client } = await connected(false);
    for (let n = 0; n < limits.hubUnacknowledged; n++) expect(wishOf(await nextMessage(client))).toBe(n + 3);
    await nothingMore(client);
  });

  test.each([
    { after: limits.hubUnacknowledgedMs, came: 1 },
    { after: limits.hubUnacknowledgedMs + 1, came: 0 },
  ])("is kept for an hour: after $after ms $came come", async ({ after, came }) => {
    await unacknowledged(1);
    now += after;
    const { client } = await connected(false);
    for (let n = 0; n < came; n++) await nextMessage(client);
    await nothingMore(client);
  });
});
