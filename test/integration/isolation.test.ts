import { issueLeaf } from "@rollcall/pki";
import { topics } from "@rollcall/protocol";
import type { IPublishPacket } from "mqtt-packet";
import { createTpm } from "tpm-js-sim";
import { TpmClient } from "tpm-js-sim/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPki, x509Group } from "./certificates.js";
import { deviceToken, hubToken } from "./device-tokens.js";
import type { RawMqtt } from "./raw-mqtt.js";
import { startService, type TestService, userName } from "./service.js";
import { openMqtt } from "./sockets.js";
import { subscribed, symmetricIndividual } from "./symmetric.js";

const key = Buffer.alloc(32, 5).toString("base64");
const strangerKey = Buffer.alloc(32, 6).toString("base64");
const pairs = Array.from({ length: 50 }, (_, index) => [`pair-${index}-a`, `pair-${index}-b`] as const);
const pki = await createPki("Isolation");
const tpm = new TpmClient(createTpm({ seed: "isolation" }).send);
let service: TestService;

beforeAll(async () => {
  const ids = [...pairs.flat(), "owner", "watcher", "mover", "hub-owner", "hub-watcher"];
  service = await startService({
    seed: {
      enrollments: [
        ...ids.map((id) => symmetricIndividual(id, key)),
        {
          registrationId: "tpm-owner",
          attestation: { type: "tpm", tpm: { endorsementKey: tpm.endorsementKey().toString("base64") } },
        },
      ],
      enrollmentGroups: [x509Group("isolation", pki.root)],
    },
  });
});

afterAll(async () => {
  await service.rollcall.stop();
});

const device = (registrationId: string) => subscribed(service, { registrationId, key });
const publishes = (client: RawMqtt): readonly IPublishPacket[] =>
  client.packets.filter((packet): packet is IPublishPacket => packet.cmd === "publish");

/** Waits for a round trip, after which everything that the service sent before has arrived. */
async function roundTrip(client: RawMqtt): Promise<void> {
  client.send({ cmd: "pingreq" });
  await client.take("pingresp");
}

async function hubDevice(registrationId: string): Promise<RawMqtt> {
  await using provisioning = await device(registrationId);
  expect(await provisioning.registration()).toMatchObject({ status: 200 });
  const client = await openMqtt(service.mqtt);
  const password = hubToken(service.hub, registrationId, key);
  const connack = await client.connect({ clientId: registrationId, username: hubUser(registrationId), password });
  expect(connack.returnCode).toBe(0);
  await client.subscribe(topics.twinReplies);
  return client;
}

const hubUser = (deviceId: string) => `${service.hub}/${deviceId}/?api-version=2021-04-12`;

async function expectTwin(client: RawMqtt, rid: string): Promise<void> {
  client.publish(`${topics.twinGet}?$rid=${rid}`, "", 0);
  const reply = await client.take("publish", (packet) => packet.topic.includes(`$rid=${rid}`));
  expect(reply.topic).toBe(`${topics.twinReply}200/?$rid=${rid}`);
}

describe("two devices that register at once", () => {
  it("see only their own replies, fifty times", async () => {
    await Promise.all(
      pairs.map(async (pair) => {
        const clients = await Promise.all(pair.map(device));
        // The same $rid on purpose, so that only the connection distinguishes the replies.
        const replies = await Promise.all(clients.map((client) => client.registration()));
        await Promise.all(clients.map(roundTrip));
        for (const [index, client] of clients.entries()) {
          expect(replies[index]?.body.registrationState.registrationId).toBe(pair[index]);
          expect(publishes(client).map(({ topic }) => topic)).toEqual([
            `${topics.reply}202/?$rid=r&retry-after=1`,
            `${topics.reply}200/?$rid=p0`,
          ]);
          const text = publishes(client)
            .map(({ payload }) => payload.toString())
            .join();
          expect(text).not.toContain(pair[1 - index]);
        }
        await Promise.all(clients.map((client) => client.end()));
      }),
    );
    await service.untilEmpty();
  });
});

describe("an attacker that knows only the id cannot disconnect its owner", () => {
  const attackers = [
    { name: "no password", connack: 5, password: () => undefined },
    { name: "an empty password", connack: 5, password: () => "" },
    { name: "a malformed token", connack: 4, password: () => "SharedAccessSignature sr=x" },
    {
      name: "a token with another key",
      connack: 5,
      password: (id: string) => deviceToken({ idScope: service.idScope, registrationId: id, key: strangerKey }),
    },
    {
      name: "a token for another device",
      connack: 5,
      password: () => deviceToken({ idScope: service.idScope, registrationId: "watcher", key }),
    },
  ];

  for (const { name, connack, password } of attackers) {
    it(`at the service, with ${name}: CONNACK ${connack}`, async () => {
      await using owner = await device("owner");
      await using attacker = await openMqtt(service.mqtt);
      const token = password("owner");
      const username = userName(service.idScope, "owner");
      const answer = await attacker.connect({
        clientId: "owner",
        username,
        ...(token !== undefined && { password: token }),
      });
      expect(answer.returnCode).toBe(connack);
      await attacker.closed;
      expect(owner.isClosed).toBe(false);
      expect(await owner.registration()).toMatchObject({ status: 200, body: { status: "assigned" } });
    });
  }

  it("at the service, with a self-signed certificate for the same id", async () => {
    const presented = await pki.leaf("x509-owner");
    await using owner = await openMqtt({ ...service.mqtt, presented });
    const login = { clientId: "x509-owner", username: userName(service.idScope, "x509-owner") };
    await owner.connect(login);
    await owner.subscribe();
    await using attacker = await openMqtt({
      ...service.mqtt,
      presented: await issueLeaf({ commonName: "x509-owner" }),
    });
    expect(await attacker.connect(login)).toMatchObject({ returnCode: 0 });
    await attacker.subscribe();
    expect(await attacker.register()).toMatchObject({ status: 401, body: { errorCode: 401002 } });
    const { operationId } = (await owner.register()).body;
    expect(await attacker.poll(operationId)).toMatchObject({ status: 401 });
    expect(await owner.poll(operationId, "p")).toMatchObject({ status: 200, body: { status: "assigned" } });
  });

  it("at the service, with a request for a TPM's challenge", async () => {
    const login = { clientId: "tpm-owner", username: userName(service.idScope, "tpm-owner") };
    await using owner = await openMqtt(service.mqtt);
    expect(await owner.connect(login)).toMatchObject({ returnCode: 0 });
    await owner.subscribe();
    await using attacker = await openMqtt(service.mqtt);
    expect(await attacker.connect(login)).toMatchObject({ returnCode: 0 });
    const endorsementKey = tpm.endorsementKey().toString("base64");
    const storageRootKey = tpm.storageRootKey().toString("base64");
    const reply = await owner.register(JSON.stringify({ tpm: { endorsementKey, storageRootKey } }));
    expect(reply).toMatchObject({ status: 401, body: { keyName: "registration" } });
    await roundTrip(attacker);
    expect(publishes(attacker)).toEqual([]);
  });

  const hubAttackers = [
    { name: "no password", password: () => undefined },
    { name: "text that is not a token", password: () => "letmein" },
    { name: "a token with another key", password: () => hubToken(service.hub, "hub-owner", strangerKey) },
    { name: "a token for another device", password: () => hubToken(service.hub, "hub-watcher", key) },
  ];
  for (const { name, password } of hubAttackers) {
    it(`at the hub, with ${name}`, async () => {
      await using owner = await hubDevice("hub-owner");
      await using attacker = await openMqtt(service.mqtt);
      const token = password();
      const answer = await attacker.connect({
        clientId: "hub-owner",
        username: hubUser("hub-owner"),
        ...(token !== undefined && { password: token }),
      });
      expect([4, 5]).toContain(answer.returnCode);
      await attacker.closed;
      expect(owner.isClosed).toBe(false);
      await expectTwin(owner, "after");
    });
  }

  it("at the hub, but a new connection of the device itself replaces the older one", async () => {
    await using older = await hubDevice("hub-owner");
    await using newer = await hubDevice("hub-owner");
    await older.closed;
    await expectTwin(newer, "newer");
  });
});

describe("a message on a forbidden topic closes the connection and reaches no other device", () => {
  const provisioningTopics = [
    "$SYS/broker/clients",
    "$SYS/anything",
    `${topics.reply}200/?$rid=1`,
    "$dps/registrations/res/202/?$rid=r&retry-after=0",
    "$dps/registrations/PUT/iotdps-register/",
    "$dps/registrations/PUT/iotdps-register/?rid=1",
    "$dps/registrations/POST/iotdps-register/?$rid=1",
    "$dps/registrations/res/#",
    "devices/watcher/messages/events/",
    "devices/watcher/messages/devicebound/",
    "$iothub/twin/GET/?$rid=1",
    "watcher",
    "/",
  ];
  it.each(provisioningTopics)("at the service: %s", async (topic) => {
    await using watcher = await device("watcher");
    await using mover = await device("mover");
    mover.publish(topic, "boo", 1);
    await mover.closed;
    await roundTrip(watcher);
    expect(publishes(watcher)).toEqual([]);
    expect(publishes(mover)).toEqual([]);
    expect((await service.attempt("mover"))?.findings[0]).toMatchObject({ code: "protocol.topicUnknown" });
  });

  const hubTopics = [
    "$SYS/broker/clients",
    "devices/hub-watcher/messages/events/",
    "devices/hub-watcher/messages/devicebound/",
    "devices/hub-owner/messages/devicebound/",
    "$iothub/twin/res/200/?$rid=1",
    "$iothub/twin/PATCH/properties/desired/?$version=9",
    "$iothub/methods/POST/reboot/?$rid=1",
    `${topics.register}?$rid=1`,
    `${topics.reply}200/?$rid=1`,
  ];
  it.each(hubTopics)("at the hub: %s", async (topic) => {
    await using watcher = await hubDevice("hub-watcher");
    for (const filter of [topics.twinDesiredUpdates, topics.methodCalls, "devices/hub-watcher/messages/devicebound/#"])
      expect(await watcher.subscribe(filter)).toMatchObject({ granted: [1] });
    await using owner = await hubDevice("hub-owner");
    owner.publish(topic, "{}", 1);
    await owner.closed;
    await roundTrip(watcher);
    expect(publishes(watcher)).toEqual([]);
    await expectTwin(watcher, "still-there");
  });

  it("at QoS 2, on an allowed topic", async () => {
    await using mover = await device("mover");
    mover.publish(`${topics.register}?$rid=1`, "", 2);
    await mover.closed;
    expect(publishes(mover)).toEqual([]);
    expect((await service.attempt("mover"))?.findings[0]).toMatchObject({ code: "protocol.qosUnsupported" });
  });

  it("as a last will, which is not stored", async () => {
    await using watcher = await device("watcher");
    await using mover = await openMqtt(service.mqtt);
    mover.send({
      cmd: "connect",
      protocolId: "MQTT",
      protocolVersion: 4,
      clientId: "mover",
      clean: true,
      keepalive: 60,
      username: userName(service.idScope, "mover"),
      password: Buffer.from(deviceToken({ idScope: service.idScope, registrationId: "mover", key })),
      will: { topic: `${topics.reply}200/?$rid=1`, payload: "boo", qos: 1, retain: true },
    });
    expect(await mover.take("connack")).toMatchObject({ returnCode: 0 });
    mover.stream.destroy();
    await using again = await device("mover");
    await roundTrip(watcher);
    expect([...publishes(watcher), ...publishes(again)]).toEqual([]);
  });
});

describe("subscriptions to other topics are refused with 0x80, and the connection stays", () => {
  it.each(["#", "+/#", "$SYS/#", "$dps/#", "$dps/registrations/res/+/", "$iothub/twin/res/#", "devices/watcher/#"])(
    "at the service: %s",
    async (filter) => {
      await using client = await device("mover");
      expect(await client.subscribe(filter)).toMatchObject({ granted: [128] });
      expect(await client.registration()).toMatchObject({ status: 200 });
    },
  );

  it.each([
    "#",
    "$SYS/#",
    topics.replies,
    "devices/hub-watcher/messages/devicebound/#",
    "devices/+/messages/devicebound/#",
  ])("at the hub: %s", async (filter) => {
    await using client = await hubDevice("hub-owner");
    expect(await client.subscribe(filter)).toMatchObject({ granted: [128] });
    await expectTwin(client, "refused");
  });
});
