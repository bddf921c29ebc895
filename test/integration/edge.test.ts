import { createHmac } from "node:crypto";
import type { TLSSocket } from "node:tls";
import { hubErrorAnswer, moduleAnswer, moduleListAnswer, topics } from "@rollcall/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPki, x509Group } from "./certificates.js";
import { hubToken } from "./device-tokens.js";
import { readTwin, register } from "./operating.js";
import { startService, type TestService, userName } from "./service.js";
import { openMqtt, openTls, type Presented } from "./sockets.js";
import { symmetricIndividual } from "./symmetric.js";

/**
 * The requests of IoT Edge's identity service to its hub after DPS (wire.md#module-identities), byte for byte as
 * iot-identity-service `identity/aziot-cloud-client-async/src/{hub/mod.rs,connector.rs}` writes it, and the module that connects.
 */

const key = Buffer.alloc(32, 81).toString("base64");
const pki = await createPki("Edge");
const certificate = await pki.leaf("edge-x509");
let service: TestService;

beforeAll(async () => {
  service = await startService({
    seed: {
      enrollments: ["edge-1", "edge-2"].map((id) => ({
        ...symmetricIndividual(id, key),
        capabilities: { iotEdge: true },
      })),
      enrollmentGroups: [x509Group("edge", pki.root)],
    },
  });
  for (const registrationId of ["edge-1", "edge-2"]) await register(service, { registrationId, key });
  await using client = await openMqtt({ ...service.mqtt, presented: certificate });
  await client.connect({ clientId: "edge-x509", username: userName(service.idScope, "edge-x509") });
  await client.subscribe();
  expect(await client.registration()).toMatchObject({ status: 200 });
});
afterAll(() => service.rollcall.stop());

/** `generate_token`: the audience in lower case, encoded, 30 s; signature and expiry as a form writes them. */
function aziotToken(deviceId: string, by = key): string {
  const resource = encodeURIComponent(`${service.hub}/devices/${deviceId}`.toLowerCase());
  const se = String(Math.floor(Date.now() / 1000) + 30);
  const sig = createHmac("sha256", Buffer.from(by, "base64")).update(`${resource}\n${se}`).digest("base64");
  return `SharedAccessSignature sr=${resource}&${new URLSearchParams({ sig, se })}`;
}

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly headers?: readonly string[];
  readonly deviceId?: string;
  readonly by?: string;
  readonly presented?: Presented;
}

/** Reads one answer and leaves; a client that closed its half first would be gone for the server. */
async function answerOf(socket: TLSSocket): Promise<string> {
  let answer = "";
  for await (const bytes of socket as AsyncIterable<Buffer>) {
    answer += bytes.toString("latin1");
    const [head = "", rest] = answer.split("\r\n\r\n", 2);
    const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
    if (rest !== undefined && rest.length >= length) break;
  }
  socket.destroy();
  return answer;
}

/** One request as hyper writes it: names of headers in lower case. */
async function aziot({ method, path, body, headers = [], deviceId = "edge-1", by, presented }: Asked) {
  const socket = await openTls({ ...service.https, presented });
  const token = presented ? [] : [`authorization: ${aziotToken(deviceId, by)}`];
  const content =
    body === undefined ? [] : ["content-type: application/json", `content-length: ${Buffer.byteLength(body)}`];
  const lines = [`${method} ${path} HTTP/1.1`, ...content, ...headers, ...token, `host: ${service.hub}`];
  socket.write(`${lines.join("\r\n")}\r\n\r\n${body ?? ""}`);
  const [head = "", rest = ""] = (await answerOf(socket)).split("\r\n\r\n", 2);
  return { status: Number(head.split(" ")[1]), head, body: rest === "" ? undefined : (JSON.parse(rest) as unknown) };
}

const version = "?api-version=2017-11-08-preview";
const list = (deviceId = "edge-1") => ({ method: "GET", path: `/devices/${deviceId}/modules${version}`, deviceId });
const of = (moduleId: string, deviceId = "edge-1") => `/devices/${deviceId}/modules/${moduleId}${version}`;
const derived = [1, 2].map((each) => Buffer.alloc(32, each).toString("base64"));
const ifMatch = ["if-match: *"];
/** `create_module(module_id, None, None)`, then `update_module` with the keys derived from the generation. */
const created = (moduleId: string) => JSON.stringify({ moduleId, deviceId: "edge-1" });
const updated = (moduleId: string) =>
  JSON.stringify({
    ...{ moduleId, deviceId: "edge-1" },
    authentication: { symmetricKey: { primaryKey: derived[0], secondaryKey: derived[1] }, type: "sas" },
  });

async function createModule(moduleId: string): Promise<void> {
  const path = of(encodeURIComponent(moduleId));
  expect(await aziot({ method: "PUT", path, body: created(moduleId) })).toMatchObject({ status: 200 });
  const answer = await aziot({ method: "PUT", path, body: updated(moduleId), headers: ifMatch });
  expect(answer).toMatchObject({ status: 200, body: { moduleId, deviceId: "edge-1" } });
}

const login = (moduleId: string, by = derived[0] ?? "", resource = `edge-1/modules/${moduleId}`) => ({
  clientId: `edge-1/${moduleId}`,
  username: `${service.hub}/edge-1/${moduleId}/?api-version=2018-06-30&DeviceClientType=edge`,
  password: hubToken(service.hub, resource, by),
});

describe("aziotd at its hub", () => {
  it("lists the modules of its device, with key and with certificate: []", async () => {
    const answer = await aziot(list("edge-2"));
    expect(answer).toMatchObject({ status: 200, body: [] });
    expect(answer.head).toMatch(/content-type: application\/json/i);
    const byCertificate = await aziot({ ...list("edge-x509"), presented: certificate });
    expect(byCertificate).toMatchObject({ status: 200, body: [] });
  });

  it.each(["$edgeAgent", "SimulatedSensor"])("creates %s, gives it keys, reads it again and deletes it", async (id) => {
    await createModule(id);
    const path = of(encodeURIComponent(id));
    const read = moduleAnswer.parse((await aziot({ method: "GET", path })).body);
    expect(read).toMatchObject({
      moduleId: id,
      authentication: { type: "sas", symmetricKey: { primaryKey: derived[0] } },
    });
    expect(moduleListAnswer.parse((await aziot(list())).body)).toEqual([read]);
    const deleted = await aziot({ method: "DELETE", path, headers: ifMatch });
    expect(deleted).toMatchObject({ status: 204, body: undefined });
    expect((await aziot({ method: "GET", path })).status).toBe(404);
  });

  it("with a certificate creates a module, too", async () => {
    const body = JSON.stringify({ moduleId: "m", deviceId: "edge-x509" });
    const made = await aziot({ method: "PUT", path: of("m", "edge-x509"), body, presented: certificate });
    expect(made).toMatchObject({ status: 200, body: { deviceId: "edge-x509", authentication: { type: "sas" } } });
  });

  it.each([
    ["a module that is not there", { method: "GET", path: of("none") }, 404, "ModuleNotFound"],
    ["a device that is not there", list("edge-9"), 404, "DeviceNotFound"],
    ["another device's token", { ...list(), deviceId: "edge-2" }, 401, "IotHubUnauthorizedAccess"],
    ["another key", { ...list(), by: derived[1] ?? "" }, 401, "IotHubUnauthorizedAccess"],
    ["no certificate of its own", { ...list(), presented: certificate }, 401, "IotHubUnauthorizedAccess"],
    ["no api-version", { method: "GET", path: "/devices/edge-1/modules" }, 400, "InvalidProtocolVersion"],
    ["another method", { method: "POST", path: of("m") }, 405, "GenericMethodNotAllowed"],
    ["a body of 97 KB", { method: "PUT", path: of("m"), body: `"${"x".repeat(98_400)}"` }, 413, "MessageTooLarge"],
    ["a path that no hub has", { method: "GET", path: "/devices/edge-1/nothing" }, 404, "GenericNotFound"],
    ["the registry", { method: "GET", path: `/devices/edge-1${version}` }, 404, "GenericNotFound"],
    ["twins", { method: "GET", path: `/twins/edge-1${version}` }, 404, "GenericNotFound"],
    ["file upload", { method: "POST", path: `/devices/edge-1/files${version}`, body: "{}" }, 404, "GenericNotFound"],
    ["jobs", { method: "GET", path: `/jobs/v2/1${version}` }, 404, "GenericNotFound"],
    ["a path that is badly encoded", { method: "GET", path: `/devices/%zz/modules${version}` }, 400, "ArgumentInvalid"],
  ] as const)("%s is refused in the hub's form", async (_, asked, status, name) => {
    const answer = await aziot(asked);
    expect(answer.status).toBe(status);
    expect(answer.head).toMatch(new RegExp(`iothub-errorcode: ${name}`, "i"));
    expect(hubErrorAnswer.parse(answer.body).Message).toMatch(new RegExp(`^ErrorCode:${name};`));
  });

  it("paths of the service itself keep its own form", async () => {
    const answer = await aziot({ method: "GET", path: "/nothing" });
    expect(answer).toMatchObject({ status: 404, body: { errorCode: 404000 } });
  });

  it("a refusal is an attempt that says why", async () => {
    await aziot({ ...list("edge-2"), by: derived[1] ?? "" });
    const attempt = await service.attempt("edge-2");
    expect(attempt).toMatchObject({ at: "hub", transport: "http", outcome: "refused", reply: { status: 401 } });
    expect(attempt?.findings[0]?.code).toBe("hub.credentialMismatch");
  });
});

describe("a module identity", () => {
  it("connects with its own key, and has a twin, telemetry and inputs of its own", async () => {
    await createModule("$edgeHub");
    await using client = await openMqtt(service.mqtt);
    expect(await client.connect(login("$edgeHub"))).toMatchObject({ returnCode: 0 });
    for (const filter of [topics.twinReplies, topics.twinDesiredUpdates, topics.methodCalls])
      expect(await client.subscribe(filter)).toMatchObject({ granted: [1] });
    expect(await client.subscribe("devices/edge-1/modules/$edgeHub/inputs/#")).toMatchObject({ granted: [1] });
    expect(await readTwin(client)).toEqual({ desired: { $version: 1 }, reported: { $version: 1 } });
    const before = service.rollcall.hub.telemetryCount;
    client.publish("devices/edge-1/modules/%24edgeHub/messages/events/a=b", "{}", 1);
    await client.take("puback");
    expect(service.rollcall.hub.telemetryCount).toBe(before + 1);
    const place = { hub: service.hub, deviceId: "edge-1/$edgeHub" };
    await service.rollcall.hub.patchDesired(place, { routes: { a: 1 } });
    const patch = await client.take("publish", (packet) => packet.topic.startsWith(topics.twinDesired));
    expect(JSON.parse(patch.payload.toString())).toEqual({ routes: { a: 1 }, $version: 2 });
    const shown = await aziot({ method: "GET", path: of("%24edgeHub") });
    expect(shown.body).toMatchObject({ connectionState: "Connected" });
  });

  it("is cut off when it is deleted, and when its device is", async () => {
    await createModule("cut");
    await createModule("kept");
    await using cut = await openMqtt(service.mqtt);
    expect(await cut.connect(login("cut"))).toMatchObject({ returnCode: 0 });
    await using kept = await openMqtt(service.mqtt);
    expect(await kept.connect(login("kept"))).toMatchObject({ returnCode: 0 });
    expect(await aziot({ method: "DELETE", path: of("cut"), headers: ifMatch })).toMatchObject({ status: 204 });
    await cut.closed;
    expect(kept.isClosed).toBe(false);
    await service.rollcall.hub.removeDevice({ hub: service.hub, deviceId: "edge-1" });
    await kept.closed;
    await using again = await openMqtt(service.mqtt);
    expect(await again.connect(login("kept"))).toMatchObject({ returnCode: 5 });
    expect(await service.rollcall.store.modules.list(service.hub, "edge-1")).toEqual([]);
    await register(service, { registrationId: "edge-1", key });
  });

  it.each([
    ["the key of its device", () => login("opened", key)],
    ["the token of its device", () => ({ ...login("opened"), password: hubToken(service.hub, "edge-1", key) })],
    ["the token of another module", () => login("opened", derived[0], "edge-1/modules/other")],
  ])("is not opened by %s", async (_, packet) => {
    await aziot({ method: "DELETE", path: of("opened"), headers: ifMatch });
    await createModule("opened");
    await using client = await openMqtt(service.mqtt);
    expect(await client.connect(packet())).toMatchObject({ returnCode: 5 });
  });
});
