import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { issueRoot, issueServerCertificate } from "@rollcall/pki";
import type { IndividualEnrollmentInput } from "@rollcall/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runHere } from "../cli/run-here.js";
import { putIndividual, register as registerDevice } from "./operating.js";
import { startService, type TestService } from "./service.js";
import { subscribed, symmetricIndividual } from "./symmetric.js";
import { json, startWebhook, text, type WebhookServer } from "./webhook-server.js";

/** A custom allocation, from the device's register request to the webhook and back, on real sockets. */

const key = Buffer.alloc(32, 23).toString("base64");
const SECRET = "qJ8-secret_of/the=function";
const hubs = [{ host: "127.0.0.1" }, { host: "127.0.0.2" }, { host: "127.0.0.3", applyAllocationPolicy: false }];
let webhook: WebhookServer;
let service: TestService;

beforeAll(async () => {
  webhook = await startWebhook();
  service = await startService({ hubs, limits: { webhookTimeout: "20s" } });
});

afterAll(async () => {
  await service.rollcall.stop();
  await webhook[Symbol.asyncDispose]();
});

type More = Partial<IndividualEnrollmentInput>;

/** Enrolls a device whose hub this webhook chooses. */
const enroll = (at: TestService, registrationId: string, webhookUrl: string, more: More = {}) =>
  putIndividual(at, {
    ...symmetricIndividual(registrationId, key),
    allocationPolicy: "custom",
    customAllocationDefinition: { webhookUrl, apiVersion: "2021-10-01" },
    ...more,
  });

const register = (at: TestService, registrationId: string, body: unknown = {}) =>
  registerDevice(at, { registrationId, key }, body);

const address = (path: string) => `${webhook.origin}${path}?code=${encodeURIComponent(SECRET)}&clientId=default`;

describe("a webhook with valid answers", () => {
  it("is asked as documented, chooses the hub, sets the twin, and talks with the device", async () => {
    const payload = { modelId: "dtmi:rollcall:pump;1", ort: "Straße", list: [1, null, { deep: true }] };
    await enroll(service, "good", address("/good"), {
      capabilities: { iotEdge: true },
      initialTwin: { tags: { from: "enrollment" } },
      optionalDeviceInformation: { note: "yard 7" },
    });
    const initialTwin = { tags: { site: "north" }, properties: { desired: { interval: 5, $version: 1 } } };
    webhook.on("/good", json({ iothubHOSTNAME: "127.0.0.2", InitialTwin: initialTwin, payload: { grüße: "ja" } }));
    const { body } = await register(service, "good", { registrationId: "good", payload });
    expect(body.registrationState).toMatchObject({
      status: "assigned",
      assignedHub: "127.0.0.2",
      substatus: "initialAssignment",
      payload: { grüße: "ja" },
    });
    const [call] = webhook.calls("/good");
    expect(call).toMatchObject({
      method: "POST",
      url: new URL(address("/good")).pathname + new URL(address("/good")).search,
    });
    expect(call?.headers["content-type"]).toMatch(/^application\/json/);
    expect(call?.body).toEqual({
      individualEnrollment: {
        registrationId: "good",
        attestation: { type: "symmetricKey" },
        capabilities: { iotEdge: true },
        initialTwin: { tags: { from: "enrollment" }, properties: { desired: {} } },
        etag: '"0a0b"',
        provisioningStatus: "enabled",
        reprovisionPolicy: { updateHubAssignment: true, migrateDeviceData: true },
        createdDateTimeUtc: "2026-11-25T00:00:00.0000000Z",
        lastUpdatedDateTimeUtc: "2026-11-25T00:00:00.0000000Z",
        allocationPolicy: "custom",
        optionalDeviceInformation: { note: "yard 7" },
        customAllocationDefinition: { webhookUrl: `${webhook.origin}/good?****`, apiVersion: "2021-10-01" },
      },
      deviceRuntimeContext: { registrationId: "good", symmetricKey: {}, payload },
      linkedHubs: ["127.0.0.1", "127.0.0.2"],
    });
    expect(call?.text).not.toContain(key);
    expect(await service.rollcall.store.twin("127.0.0.2", "good")).toMatchObject({
      tags: { site: "north" },
      desired: { interval: 5 },
    });
    const attempt = await service.attempt("good");
    expect(attempt).toMatchObject({
      outcome: "assigned",
      findings: [],
      webhookCalls: [
        { url: `${webhook.origin}/good?****`, status: 200, result: "chose 127.0.0.2", ms: expect.any(Number) },
      ],
    });
    expect(attempt?.steps.map(({ name }) => name)).toContain("webhook");
    expect(JSON.stringify(attempt)).not.toContain("Straße");
  });

  it("gets the current hub when a device registers again, and its twin wins over migration", async () => {
    await enroll(service, "again", address("/again"), { iotHubs: ["127.0.0.3", "127.0.0.1"] });
    webhook.on("/again", json({ iotHubHostName: "127.0.0.3" }));
    expect((await register(service, "again")).body.registrationState.assignedHub).toBe("127.0.0.3");
    webhook.on("/again", json({ iotHubHostName: "127.0.0.1", initialTwin: { tags: { fresh: true } } }));
    const { body } = await register(service, "again", { payload: null });
    expect(body.registrationState).toMatchObject({ assignedHub: "127.0.0.1", substatus: "deviceDataReset" });
    const contexts = webhook.calls("/again").map((call) => call.body.deviceRuntimeContext);
    expect(contexts).toEqual([
      { registrationId: "again", symmetricKey: {} },
      {
        registrationId: "again",
        symmetricKey: {},
        currentIotHubHostName: "127.0.0.3",
        currentDeviceId: "again",
        payload: null,
      },
    ]);
    expect(webhook.calls("/again")[0]?.body.linkedHubs).toEqual(["127.0.0.1", "127.0.0.3"]);
    expect(await service.rollcall.store.twin("127.0.0.1", "again")).toMatchObject({ tags: { fresh: true } });
    expect(await service.rollcall.store.deviceIdentity("127.0.0.3", "again")).toBeUndefined();
  });

  it("may have its certificate from this service's own CA", async () => {
    await using secure = await startWebhook({ pem: readFileSync(`${service.rollcall.location}/server.pem`, "utf8") });
    secure.on("/secure", json({ iotHubHostName: "127.0.0.1" }));
    await enroll(service, "secure", `${secure.origin}/secure`);
    expect((await register(service, "secure")).body.registrationState).toMatchObject({ status: "assigned" });
  });

  it("does not delay other devices", async () => {
    await enroll(service, "waiting", address("/waiting"));
    const held = new Promise<() => void>((resolve) => {
      webhook.on("/waiting", (response, call) => resolve(() => json({ iotHubHostName: "127.0.0.1" })(response, call)));
    });
    const waiting = register(service, "waiting");
    const release = await held;
    await enroll(service, "quick", address("/quick"));
    webhook.on("/quick", json({ iotHubHostName: "127.0.0.1" }));
    expect((await register(service, "quick")).body.registrationState).toMatchObject({ status: "assigned" });
    expect(service.rollcall.stats().webhookCalls).toBe(1);
    release();
    expect((await waiting).body.registrationState).toMatchObject({ status: "assigned" });
  });

  it("answers too late for a device that was disabled meanwhile", async () => {
    await enroll(service, "revoked", address("/revoked"));
    webhook.on("/revoked", (response, call) => {
      void enroll(service, "revoked", address("/revoked"), { provisioningStatus: "disabled" }).then(() =>
        json({ iotHubHostName: "127.0.0.1" })(response, call),
      );
    });
    expect(await register(service, "revoked")).toMatchObject({ status: 401 });
    expect((await service.attempt("revoked"))?.findings[0]).toMatchObject({ code: "enrollment.disabled" });
    expect(await service.rollcall.store.registration("revoked")).toBeUndefined();
  });
});

interface Failure {
  readonly name: string;
  readonly code: string;
  readonly got: RegExp;
  readonly status?: number;
  /** The beginning of the answer in the record of the call. */
  readonly answer?: RegExp;
  /** Title of the finding, for people. */
  readonly message: RegExp;
  /** The error that the device gets; default: custom allocation failed. */
  readonly wire?: { readonly errorCode: number; readonly errorMessage: string };
  /** The webhook's address, if it is not the usual one. */
  readonly url?: () => Promise<string>;
  readonly answers?: Parameters<WebhookServer["on"]>[1];
}

const good = { iotHubHostName: "127.0.0.1" };
const invalid = { code: "webhook.answerInvalid", status: 200, message: /not an AllocationResponse/ };
const failures: readonly Failure[] = [
  {
    name: "nothing listens",
    code: "webhook.unreachable",
    got: /ECONNREFUSED 127\.0\.0\.1/,
    message: /could not be reached/,
    url: async () => `http://127.0.0.1:${await freedPort()}/`,
  },
  {
    name: "nothing listens at any address of its name",
    code: "webhook.unreachable",
    got: /ECONNREFUSED/,
    message: /could not be reached/,
    url: async () => `http://localhost:${await freedPort()}/`,
  },
  {
    name: "its name cannot be found",
    code: "webhook.unreachable",
    got: /getaddrinfo/,
    message: /could not be reached/,
    // Longer than a label may be: the resolver refuses it without asking anyone.
    url: async () => `http://${"x".repeat(64)}.test/`,
  },
  {
    name: "it does not speak HTTP",
    code: "webhook.unreachable",
    got: /Parse Error/,
    message: /could not be reached/,
    url: async () => `http://127.0.0.1:${await bannerPort("220 smtp ready\r\n")}/`,
  },
  {
    name: "its https certificate is of an unknown CA",
    code: "webhook.unreachable",
    got: /unable to verify|self-signed/,
    message: /could not be reached/,
    url: () => strangersCertificate(),
  },
  {
    name: "status 500 with an explanation",
    code: "webhook.failedStatus",
    got: /^500 after \d+ ms$/,
    status: 500,
    answer: /^NullReference in \*\*\*\* Run$/,
    message: /^Your device is fine: custom allocation failed with status code: 500\.$/,
    wire: { errorCode: 400207, errorMessage: "Custom allocation failed with status code: 500" },
    answers: text(500, `NullReference in ${SECRET} Run`),
  },
  {
    name: "status 401 without its code",
    code: "webhook.unauthorized",
    got: /^401 /,
    status: 401,
    message: /answered 401/,
    wire: { errorCode: 400209, errorMessage: "Custom allocation failed with status code: 401" },
    answers: text(401, ""),
  },
  ...[400, 403, 429, 503].map((status) => ({
    name: `status ${status}`,
    code: "webhook.failedStatus",
    got: new RegExp(`^${status} `),
    status,
    message: new RegExp(`status code: ${status}`),
    wire: { errorCode: 400207, errorMessage: `Custom allocation failed with status code: ${status}` },
    answers: text(status, ""),
  })),
  ...["", null].map((iotHubHostName) => ({
    name: `${JSON.stringify(iotHubHostName)} as hub`,
    code: "webhook.hubMissing",
    got: /^iotHubHostName empty or null$/,
    status: 200,
    message: /left iotHubHostName empty/,
    wire: { errorCode: 400208, errorMessage: "Custom allocation named no IoT hub." },
    answers: json({ iotHubHostName }),
  })),
  {
    name: "a redirection, which is not followed",
    code: "webhook.failedStatus",
    got: /^307 after \d+ ms, to http:\/\/127\.0\.0\.1:1\/x\?\*\*\*\*: redirections are not followed$/,
    status: 307,
    message: /status code: 307/,
    wire: { errorCode: 400207, errorMessage: "Custom allocation failed with status code: 307" },
    answers: text(307, "", { location: `http://127.0.0.1:1/x?code=${SECRET}` }),
  },
  {
    name: "an unrequested upgrade",
    code: "webhook.unreachable",
    got: /socket hang up|closed before/,
    message: /could not be reached/,
    url: async () =>
      `http://127.0.0.1:${await bannerPort("HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")}/`,
  },
  {
    name: "it breaks off in the middle",
    code: "webhook.unreachable",
    got: /aborted|closed before|ECONNRESET/,
    message: /could not be reached/,
    answers: (response) => {
      response.writeHead(200, { "content-length": "100" }).write('{"iotHub');
      setImmediate(() => response.destroy());
    },
  },
  { name: "status 204 and nothing", ...invalid, status: 204, got: /^it is empty$/, answers: text(204, "") },
  { name: "text", ...invalid, got: /JSON/, answer: /^<html>$/, answers: text(200, "<html>") },
  { name: "bytes that are not text", ...invalid, got: /UTF-8/, answers: text(200, Buffer.from([0xff, 0xfe, 0, 1])) },
  { name: "a list", ...invalid, got: /expected object/, answers: json([good]) },
  { name: "no hub", ...invalid, got: /^iotHubHostName: /, answers: json({ payload: {} }) },
  { name: "a number as hub", ...invalid, got: /^iotHubHostName: /, answers: json({ iotHubHostName: 7 }) },
  { name: "a payload that is not an object", ...invalid, got: /^payload: /, answers: json({ ...good, payload: [1] }) },
  {
    name: "an invalid twin",
    ...invalid,
    got: /^initialTwin\.properties\.desired: /,
    answers: json({ ...good, initialTwin: { properties: { desired: "fast" } } }),
  },
  {
    name: "tags that no hub would accept",
    ...invalid,
    got: /^initialTwin\.tags: has 9\d{3} bytes; 8192 are allowed$/,
    answers: json({ ...good, initialTwin: { tags: { much: "x".repeat(9000) } } }),
  },
  {
    name: "JSON a thousand levels deep",
    ...invalid,
    got: /nested deeper than 64/,
    answers: text(200, `${'{"a":'.repeat(1000)}1${"}".repeat(1000)}`),
  },
  {
    name: "a hub that was not offered",
    code: "webhook.hubNotOffered",
    got: /^127\.0\.0\.3$/,
    status: 200,
    message: /not among linkedHubs/,
    answer: /^\{"iotHubHostName":"127\.0\.0\.3","payload":\{"deviceKey":"…","sasToken":"…","room":"7"\}\}$/,
    answers: json({ iotHubHostName: "127.0.0.3", payload: { deviceKey: 'a"b', sasToken: "c", room: "7" } }),
  },
  {
    name: "an answer without an end",
    code: "webhook.answerTooLarge",
    got: /^more, after \d+ ms$/,
    status: 200,
    answer: /^x{200}…$/,
    message: /more than 65536 bytes/,
    answers: (response) => {
      const more = () => {
        while (response.write("x".repeat(10_000)));
      };
      response.on("drain", more).writeHead(200);
      more();
    },
  },
];

const closing: (() => void)[] = [];
afterAll(() => {
  for (const close of closing) close();
});

async function freedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** A server that sends this line as its only answer. */
async function bannerPort(line: string): Promise<number> {
  const server = createTcpServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => socket.end(line));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function strangersCertificate(): Promise<string> {
  const parent = await issueRoot({ commonName: "Somebody else's CA" });
  const hosts = ["127.0.0.1"];
  const { chainPem, privateKeyPem } = await issueServerCertificate({ commonName: "127.0.0.1", hosts, parent });
  const server = await startWebhook({ pem: chainPem + privateKeyPem });
  closing.push(() => void server[Symbol.asyncDispose]());
  return `${server.origin}/`;
}

describe("a webhook that fails: failed in the cloud's few words, and the whole story in the attempt", () => {
  it.each(failures)("$name", async ({ name, code, got, status, answer, message, wire, url, answers }) => {
    const path = `/${failures.findIndex((each) => each.name === name)}`;
    const registrationId = `fails-${path.slice(1)}`;
    if (answers) webhook.on(path, answers);
    const target = url ? await url() : address(path);
    await enroll(service, registrationId, target);
    const reply = await register(service, registrationId);
    expect(reply).toMatchObject({ status: 200, body: { status: "failed" } });
    expect(reply.body.registrationState).toMatchObject({
      status: "failed",
      ...(wire ?? { errorCode: 400207, errorMessage: "Custom allocation failed." }),
    });
    expect(reply.body.registrationState).not.toHaveProperty("assignedHub");
    const attempt = await service.attempt(registrationId);
    const masked = url ? target : `${webhook.origin}${path}?****`;
    expect(attempt?.findings[0]).toMatchObject({
      ...{ code, cause: 14, element: "webhook", blame: "webhook", severity: "error" },
      subject: masked,
      title: expect.stringMatching(message),
      got: expect.stringMatching(got),
      expected: expect.stringMatching(/\S/),
    });
    const [call, ...more] = attempt?.webhookCalls ?? [];
    expect(more).toEqual([]);
    expect(call).toMatchObject({ url: masked, ms: expect.any(Number), result: expect.stringContaining(code) });
    expect(call?.status).toBe(status);
    if (answer) expect(call?.answer).toMatch(answer);
    const told = JSON.stringify([attempt, reply.body]);
    for (const secret of [SECRET, encodeURIComponent(SECRET), key]) expect(told).not.toContain(secret);
    expect(told).not.toMatch(/\{\w+\}/);
    expect(await service.rollcall.store.deviceIdentity("127.0.0.1", registrationId)).toBeUndefined();
  });

  it("and `rollcall explain` shows the call", async () => {
    webhook.on("/explained", text(500, `stack trace\nwith ${SECRET}`));
    await enroll(service, "explained", address("/explained"));
    await register(service, "explained");
    const { code, stdout } = await runHere(["explain", "explained", "--location", service.rollcall.location]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/Allocation webhook\n {2}POST http:\/\/127\.0\.0\.1:\d+\/explained\?\*{4}\n/);
    expect(stdout).toMatch(/status +500\n +took +\S+ ms\n/);
    expect(stdout).toMatch(/answer +stack trace.with \*{4}\n/);
    expect(stdout).toMatch(/to act +the allocation webhook\n/);
    expect(stdout).toContain("webhook.failedStatus (known cause 14)");
  });

  it("and a device that was assigned before keeps its hub and twin", async () => {
    await enroll(service, "keeps", address("/keeps"));
    webhook.on("/keeps", json(good));
    await register(service, "keeps");
    webhook.on("/keeps", text(503, "busy"));
    expect((await register(service, "keeps")).body.registrationState).toMatchObject({ status: "failed" });
    expect(await service.rollcall.store.deviceIdentity("127.0.0.1", "keeps")).toBeDefined();
    webhook.on("/keeps", json(good));
    expect((await register(service, "keeps")).body.registrationState).toMatchObject({
      substatus: "reprovisionedToInitialAssignment",
    });
    expect(webhook.calls("/keeps").at(-1)?.body.deviceRuntimeContext.currentIotHubHostName).toBe("127.0.0.1");
  });

  it("custom allocation without a webhook is a fault of the enrollment", async () => {
    await enroll(service, "undefined", "http://127.0.0.1/", { customAllocationDefinition: null });
    expect((await register(service, "undefined")).body.registrationState).toMatchObject({ errorCode: 400207 });
    expect((await service.attempt("undefined"))?.findings[0]).toMatchObject({
      code: "webhook.notDefined",
      blame: "enrollment",
    });
  });
});

describe("a webhook that takes too long", () => {
  it.each([
    ["says nothing", () => undefined, /^no answer$/, undefined],
    [
      "sends a byte now and then",
      (response: { writeHead(status: number): unknown; write(text: string): unknown; closed: boolean }) => {
        response.writeHead(200);
        const timer = setInterval(() => (response.closed ? clearInterval(timer) : response.write(" ")), 5);
      },
      /^status 200 and \d+ bytes, but no end of the answer$/,
      200,
    ],
  ] as const)("and %s is aborted", async (name, answers, got, status) => {
    await using impatient = await startService({ hubs, limits: { webhookTimeout: "200ms" } });
    const path = `/slow-${name.length}`;
    webhook.on(path, answers);
    await enroll(impatient, "slow", address(path));
    expect((await register(impatient, "slow")).body.registrationState).toMatchObject({ errorCode: 400207 });
    const attempt = await impatient.attempt("slow");
    expect(attempt?.findings[0]).toMatchObject({ code: "webhook.timedOut", got: expect.stringMatching(got) });
    expect(attempt?.findings[0]?.title).toContain("200 ms");
    expect(attempt?.webhookCalls?.[0]?.status).toBe(status);
    await impatient.untilEmpty();
  });

  it("does not keep the service from stopping", async () => {
    const stopping = await startService({ hubs, limits: { webhookTimeout: "10m" } });
    const asked = new Promise((resolve) => {
      webhook.on("/stopping", resolve);
    });
    await enroll(stopping, "stopping", address("/stopping"));
    const client = await subscribed(stopping, { registrationId: "stopping", key });
    client.publish("$dps/registrations/PUT/iotdps-register/?$rid=1", "{}");
    await asked;
    await stopping.rollcall.stop();
    await client.closed;
    expect(stopping.rollcall.stats()).toMatchObject({ webhookCalls: 0, connections: 0 });
  });
});
