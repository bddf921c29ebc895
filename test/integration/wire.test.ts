import { topics } from "@rollcall/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPki, x509Group } from "./certificates.js";
import { deviceToken, tokenStyles } from "./device-tokens.js";
import { type Connect, RawMqtt, type RawReply } from "./raw-mqtt.js";
import { startService, type TestService, userName } from "./service.js";
import { callHttps, type HttpAnswer, openMqtt, openTls, openWebSocket, type Presented } from "./sockets.js";
import { type HttpClientRow, httpClients, type MqttClientRow, mqttClients } from "./wire.rows.js";

/** The rules whose violation breaks clients, checked with the bytes that each client writes. */

const key = Buffer.alloc(32, 3).toString("base64");
const pki = await createPki("Wire");
let service: TestService;

const individual = (registrationId: string) => ({
  registrationId,
  attestation: { type: "symmetricKey" as const, symmetricKey: { primaryKey: key, secondaryKey: key } },
});

beforeAll(async () => {
  const ids = [...mqttClients, ...httpClients].map((row) => row.registrationId);
  service = await startService({
    registration: { retryAfter: "2.5s" },
    seed: {
      enrollments: [
        ...[...ids, "wire-other", "wire-rid", "wire-newer", "wire-bodies"].map(individual),
        { ...individual("wire-failed"), allocationPolicy: "static", iotHubs: ["a.test", "b.test"] },
      ],
      enrollmentGroups: [x509Group("wire", pki.root)],
    },
  });
});

afterAll(async () => {
  await service.rollcall.stop();
});

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const date = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/;

function expectAccepted(reply: RawReply): void {
  expect(reply).toMatchObject({ status: 202, qos: 1, retryAfter: "3" });
  expect(reply.body).toEqual({
    operationId: expect.stringMatching(/^\d\.[0-9a-f]{16}\.[0-9a-f-]{36}$/),
    status: "assigning",
  });
}

function expectAssigned(
  reply: { status: number; body: unknown },
  about: { operationId: string; registrationId: string; member: "x509" | "symmetricKey" },
): void {
  expect(reply.status).toBe(200);
  expect(reply.body).toEqual({
    operationId: about.operationId,
    status: "assigned",
    registrationState: {
      [about.member]: {},
      registrationId: about.registrationId,
      createdDateTimeUtc: expect.stringMatching(date),
      assignedHub: service.hub,
      deviceId: about.registrationId,
      status: "assigned",
      substatus: expect.stringMatching(/^(initialAssignment|reprovisionedToInitialAssignment)$/),
      lastUpdatedDateTimeUtc: expect.stringMatching(date),
      etag: expect.stringMatching(/^[A-Za-z0-9+/]+={0,2}$/),
    },
  });
}

function connectOf(row: MqttClientRow, registrationId: string, password?: string): Connect {
  const username = `${service.idScope}/registrations/${registrationId}/${row.query}`;
  const { clean, keepalive } = row;
  return { clientId: registrationId, username, clean, keepalive, ...(password !== undefined && { password }) };
}

/** A client's whole conversation, from CONNECT to DISCONNECT. */
async function converse(
  client: RawMqtt,
  row: MqttClientRow,
  about: { connect: Connect; member: "x509" | "symmetricKey" },
) {
  const registrationId = about.connect.clientId;
  expect(await client.connect(about.connect)).toMatchObject({ returnCode: 0, sessionPresent: false });
  expect(await client.subscribe()).toMatchObject({ granted: [1] });
  const [first, second] = row.rids;
  const accepted = await client.register(row.registerBody(registrationId), first, row.qos);
  expectAccepted(accepted);
  expect(accepted.topic).toBe(`${topics.reply}202/?$rid=${first}&retry-after=3`);
  const { operationId } = accepted.body;
  const done = await client.poll(operationId, second, row.pollBody(registrationId), row.qos);
  expect(done.topic).toBe(`${topics.reply}200/?$rid=${second}`);
  expect(done.qos).toBe(1);
  expectAssigned(done, { operationId, registrationId, member: about.member });
  const pubacks = client.packets.filter((packet) => packet.cmd === "puback");
  expect(pubacks).toHaveLength(row.qos === 0 ? 0 : 2);
  await client.end();
}

const tokenFor = (row: { registrationId: string; token: MqttClientRow["token"] }) =>
  deviceToken({ idScope: service.idScope, registrationId: row.registrationId, key, style: row.token });

describe("MQTT as each client writes it", () => {
  for (const row of mqttClients) {
    it(`${row.client} (${row.name}) registers with a symmetric key`, async () => {
      await using client = await openMqtt(service.mqtt);
      await converse(client, row, {
        connect: connectOf(row, row.registrationId, tokenFor(row)),
        member: "symmetricKey",
      });
    });

    it(`${row.client} (${row.name}) registers with a certificate`, async () => {
      const registrationId = `wire-x509-${row.client.toLowerCase()}`;
      await using client = await openMqtt({ ...service.mqtt, presented: await pki.leaf(registrationId) });
      await converse(client, row, { connect: connectOf(row, registrationId), member: "x509" });
    });

    const { webSocket } = row;
    if (!webSocket) continue;
    it(`${row.client} (${row.name}) registers over a WebSocket on ${webSocket.path} as ${webSocket.protocol}`, async () => {
      const { socket, stream } = await openWebSocket({ ...service.https, ...webSocket });
      expect(socket.protocol).toBe(webSocket.protocol);
      await using client = new RawMqtt(stream);
      await converse(client, row, {
        connect: connectOf(row, row.registrationId, tokenFor(row)),
        member: "symmetricKey",
      });
    });
  }
});

describe("MQTT in general", () => {
  const device = "wire-rid";

  async function subscribed(registrationId = device): Promise<RawMqtt> {
    const client = await openMqtt(service.mqtt);
    const password = deviceToken({ idScope: service.idScope, registrationId, key });
    await client.connect({ clientId: registrationId, username: userName(service.idScope, registrationId), password });
    await client.subscribe();
    return client;
  }

  it("sends the PUBACK in front of the reply, byte for byte", async () => {
    const socket = await openTls(service.mqtt);
    await using client = new RawMqtt(socket);
    const password = deviceToken({ idScope: service.idScope, registrationId: device, key });
    await client.connect({ clientId: device, username: userName(service.idScope, device), password });
    await client.subscribe();
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    const messageId = client.publish(`${topics.register}?$rid=7`);
    const reply = await client.reply("7");
    const bytes = Buffer.concat(chunks);
    expect(bytes.subarray(0, 4)).toEqual(Buffer.of(0x40, 2, messageId >> 8, messageId & 0xff));
    // PUBLISH, QoS 1, neither DUP nor RETAIN.
    expect(bytes[4]).toBe(0x32);
    expect(reply.status).toBe(202);
  });

  it.each(["a%20b%2Fc", "%C3%A9", "100%", "x".repeat(200), "a-b,(c)~!*", "ü-日本"])(
    "echoes $rid=%s unchanged",
    async (rid) => {
      await using client = await subscribed();
      expect((await client.register("", rid)).topic).toBe(`${topics.reply}202/?$rid=${rid}&retry-after=3`);
    },
  );

  it.each([
    ["nothing", ""],
    ["one space", " "],
    ["an empty object", "{}"],
    ["payload null", '{"payload":null}'],
    ["a payload that is a JSON string", '{"payload":"{\\"a\\":1}"}'],
    ["a payload of any JSON", '{"registrationId":"WIRE-BODIES","payload":[1,{"ü":"日"}]}'],
  ])("accepts %s as register body", async (_name, body) => {
    await using client = await subscribed("wire-bodies");
    expectAccepted(await client.register(body));
  });

  it.each([
    ["no JSON", "{"],
    ["an array", "[]"],
    ["another registration id", '{"registrationId":"wire-other"}'],
    ["a number as registration id", '{"registrationId":7}'],
    ["bytes that are not UTF-8", Buffer.of(0x22, 0xff, 0x22)],
  ])("answers 400 to %s, and continues", async (_name, body) => {
    await using client = await subscribed("wire-bodies");
    const reply = await client.register(body);
    expect(reply).toMatchObject({ status: 400, qos: 1 });
    expect(reply.retryAfter).toBeUndefined();
    expect(reply.body).toEqual({
      errorCode: 400004,
      trackingId: expect.stringMatching(guid),
      message: expect.any(String),
      timestampUtc: expect.stringMatching(date),
    });
    expectAccepted(await client.register("", "again"));
  });

  it("refuses a client id that is not the registration id, with CONNACK 2", async () => {
    await using client = await openMqtt(service.mqtt);
    const password = deviceToken({ idScope: service.idScope, registrationId: device, key });
    const connack = await client.connect({
      clientId: "wire-other",
      username: userName(service.idScope, device),
      password,
    });
    expect(connack.returnCode).toBe(2);
  });

  it("accepts an api-version from the future, and says so in the attempt only", async () => {
    await using client = await openMqtt(service.mqtt);
    const registrationId = "wire-newer";
    const password = deviceToken({ idScope: service.idScope, registrationId, key });
    const username = `${service.idScope}/registrations/${registrationId}/api-version=2099-01-01-preview`;
    expect(await client.connect({ clientId: registrationId, username, password })).toMatchObject({ returnCode: 0 });
    await client.subscribe();
    expect(await client.registration()).toMatchObject({ status: 200, body: { status: "assigned" } });
    const codes = (await service.attempt(registrationId))?.findings.map((each) => each.code);
    expect(codes).toEqual(["protocol.apiVersionNewer"]);
  });

  it.each([
    ["missing", ""],
    ["malformed", "api-version=latest"],
  ])("refuses an api-version that is %s, with CONNACK 4", async (_name, query) => {
    await using client = await openMqtt(service.mqtt);
    const password = deviceToken({ idScope: service.idScope, registrationId: device, key });
    const username = `${service.idScope}/registrations/${device}/${query}`;
    expect(await client.connect({ clientId: device, username, password })).toMatchObject({ returnCode: 4 });
  });

  it("answers a poll of another device's operation with 404", async () => {
    await using owner = await subscribed();
    await using other = await subscribed("wire-other");
    const { operationId } = (await owner.register()).body;
    const reply = await other.poll(operationId);
    expect(reply).toMatchObject({ status: 404, body: { errorCode: 404203 } });
    expect(await owner.poll(operationId)).toMatchObject({ status: 200 });
  });

  it("ends in failed at both levels when static allocation has no hub, under topic status 200", async () => {
    await using client = await subscribed("wire-failed");
    const reply = await client.registration();
    expect(reply).toMatchObject({
      status: 200,
      body: {
        status: "failed",
        registrationState: {
          registrationId: "wire-failed",
          status: "failed",
          errorCode: 401001,
          errorMessage: "IoTHub not found.",
        },
      },
    });
  });
});

describe("MQTT while a registration takes time, and above the limit", () => {
  it("polls as assigning with registrationState and a whole retry-after", async () => {
    await using slow = await startService({
      registration: { assigningFor: "60s", retryAfter: 2 },
      seed: { enrollments: [individual("wire-slow")] },
    });
    await using client = await openMqtt(slow.mqtt);
    const password = deviceToken({ idScope: slow.idScope, registrationId: "wire-slow", key });
    await client.connect({ clientId: "wire-slow", username: userName(slow.idScope, "wire-slow"), password });
    await client.subscribe();
    const { operationId } = (await client.register()).body;
    const reply = await client.poll(operationId);
    expect(reply).toMatchObject({ status: 202, retryAfter: "2" });
    expect(reply.body).toEqual({
      operationId,
      status: "assigning",
      registrationState: { registrationId: "wire-slow", status: "assigning" },
    });
  });

  it("answers 429 with retry-after and an error body, over MQTT and HTTPS", async () => {
    const now = Date.now();
    await using busy = await startService({
      // The clock stands still, so the minute never ends.
      clock: () => now,
      limits: { registrationsPerMinute: 1 },
      seed: { enrollments: [individual("wire-busy")] },
    });
    await using client = await openMqtt(busy.mqtt);
    const password = deviceToken({ idScope: busy.idScope, registrationId: "wire-busy", key });
    await client.connect({ clientId: "wire-busy", username: userName(busy.idScope, "wire-busy"), password });
    await client.subscribe();
    expectStatus(await client.register("", "1"), 202);
    const reply = await client.register("", "2");
    expect(reply).toMatchObject({ status: 429, body: { errorCode: 429001 } });
    expect(Number(reply.retryAfter)).toBeGreaterThan(0);
    const path = `/${busy.idScope}/registrations/wire-busy/register?api-version=2019-03-31`;
    const answer = await callHttps(busy.https, {
      method: "PUT",
      path,
      headers: { authorization: password },
      body: "{}",
    });
    expect(answer).toMatchObject({ status: 429, body: { errorCode: 429001 } });
    expect(answer.headers["retry-after"]).toMatch(/^[1-9]\d*$/);
  });
});

function expectStatus(reply: RawReply, status: number): void {
  expect(reply.status, reply.text).toBe(status);
}

describe("HTTPS as each client writes it", () => {
  const pathOf = (row: HttpClientRow, rest: string) =>
    `/${service.idScope}/registrations/${row.pathId(row.registrationId)}/${rest}?${row.query}`;

  async function exchange(row: HttpClientRow, authorization: Readonly<Record<string, string>>, presented?: Presented) {
    const { registrationId } = row;
    const headers = { ...row.headers, ...authorization };
    const opening = { ...service.https, presented };
    const accepted = await callHttps(opening, {
      method: "PUT",
      path: pathOf(row, "register"),
      headers,
      body: row.registerBody(registrationId),
    });
    expectHttpAccepted(accepted);
    const { operationId } = accepted.body;
    const poll = { method: "GET", path: pathOf(row, `operations/${operationId}`), headers };
    const done = await callHttps(opening, row.pollBody === undefined ? poll : { ...poll, body: row.pollBody });
    const member = presented ? "x509" : "symmetricKey";
    expectAssigned(done, { operationId, registrationId, member });
    expect(done.headers["retry-after"]).toBeUndefined();
  }

  function expectHttpAccepted(answer: HttpAnswer): void {
    expect(answer.status, answer.text).toBe(202);
    expect(answer.body).toEqual({ operationId: expect.any(String), status: "assigning" });
    expect(answer.headers).toMatchObject({
      "content-type": "application/json; charset=utf-8",
      "content-length": String(Buffer.byteLength(answer.text)),
      "retry-after": "3",
      location: expect.stringContaining("/registrations/"),
      "x-ms-request-id": expect.stringMatching(guid),
    });
    expect(answer.headers["transfer-encoding"]).toBeUndefined();
  }

  for (const row of httpClients) {
    it(`${row.client} (${row.name}) registers with a symmetric key`, async () => {
      await exchange(row, { authorization: tokenFor(row) });
    });

    it(`${row.client} (${row.name}) registers with a certificate`, async () => {
      const registrationId = `wire-https-x509-${row.client.toLowerCase()}`;
      await exchange({ ...row, registrationId }, {}, await pki.leaf(registrationId));
    });
  }

  it.each([
    ["missing", ""],
    ["malformed", "?api-version=next"],
  ])("answers 400 to an api-version that is %s", async (_name, query) => {
    const authorization = deviceToken({ idScope: service.idScope, registrationId: "wire-rid", key });
    const path = `/${service.idScope}/registrations/wire-rid/register${query}`;
    const answer = await callHttps(service.https, { method: "PUT", path, headers: { authorization }, body: "{}" });
    expect(answer).toMatchObject({ status: 400, body: { errorCode: 400004, trackingId: expect.stringMatching(guid) } });
    expect(answer.headers["x-ms-error-code"]).toBe("400004");
  });

  it("accepts an api-version from the future", async () => {
    const authorization = deviceToken({
      idScope: service.idScope,
      registrationId: "wire-rid",
      key,
      style: tokenStyles.R,
    });
    const path = `/${service.idScope}/registrations/wire-rid/register?api-version=2099-12-31`;
    const answer = await callHttps(service.https, { method: "PUT", path, headers: { authorization }, body: "{}" });
    expect(answer.status).toBe(202);
  });
});
