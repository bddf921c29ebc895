import { createServer, request as httpRequest, type IncomingMessage, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { AttemptLog, type DeviceRequest, type Engine } from "@rollcall/engine";
import { type ClientConnection, errorBody, type Reply } from "@rollcall/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createDeviceApi, type DeviceApi } from "./device-api.js";
import { answerClientError, answerExpectation, deviceServerOptions } from "./http-server.js";

const NOW = Date.UTC(2026, 10, 22, 9, 15, 2);
const connection: ClientConnection = {
  acceptedAt: NOW,
  securedAt: NOW,
  transport: "http",
  remote: "127.0.0.1:40000",
  loopback: true,
  presented: () => [],
};

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
}

let asked: { operation: string; request: DeviceRequest & { body?: Uint8Array; operationId?: string } }[];
let answer: (request: DeviceRequest) => Reply | Promise<Reply>;
let faults: unknown[];
let attempts: AttemptLog;
let api: DeviceApi;
let server: Server;

const accepted = (request: DeviceRequest): Reply => ({
  status: 202,
  retryAfter: 3,
  trackingId: request.attempt.trackingId,
  body: { operationId: "4.1c2d.8d1a", status: "assigning" },
});
const refused = (request: DeviceRequest): Reply => {
  const { trackingId } = request.attempt;
  return { status: 401, trackingId, body: errorBody("unauthorized", { trackingId, now: new Date(NOW) }) };
};

function ask(operation: string) {
  return async (request: DeviceRequest) => {
    asked.push({ operation, request });
    return await answer(request);
  };
}

beforeEach(async () => {
  asked = [];
  faults = [];
  answer = accepted;
  attempts = new AttemptLog(() => NOW);
  const engine: Engine = {
    idScope: "0ne00000000",
    admit: async () => ({ kind: "admitted" }),
    register: ask("register"),
    operationStatus: ask("operationStatus"),
    lookUp: ask("lookUp"),
  };
  const connectionOf = () => connection;
  const onFault = (fault: unknown) => faults.push(fault);
  const parts = { engine, attempts, clock: () => NOW, connectionOf, onFault };
  api = await createDeviceApi({ ...parts, retryAfterSeconds: 7 });
  server = createServer(deviceServerOptions, api.handler);
  const about = { trackingId: "t", now: new Date(NOW) };
  server.on("clientError", (error, socket) => answerClientError(error, socket, about));
  server.on(
    "checkExpectation",
    answerExpectation(() => about),
  );
  // Without a listener for upgrades, Node serves them as ordinary requests.
  server.on("upgrade", (_request, socket) => void socket.end("upgraded"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await api.close();
});

const port = () => (server.address() as AddressInfo).port;

function send(
  method: string,
  path: string,
  options: { headers?: Record<string, string>; body?: string | Buffer } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: "127.0.0.1", port: port(), method, path, headers: options.headers },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (part: string) => {
          text += part;
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
      },
    );
    request.on("error", reject);
    request.end(options.body);
  });
}

/** Sends bytes, the next ones after each answer, and reads until the server closes the connection. */
function sendRaw(bytes: string, ...more: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port(), "127.0.0.1", () => socket.write(bytes));
    let text = "";
    socket.setEncoding("utf8");
    socket.on("data", (part: string) => {
      text += part;
      const next = more.shift();
      if (next) socket.write(next);
    });
    socket.on("end", () => resolve(text));
    socket.on("error", reject);
  });
}

const REGISTER = "/0ne00000000/registrations/pump-0042/register?api-version=2019-03-31";

describe("register", () => {
  it("answers 202 with the headers of the service", async () => {
    const body = '{"registrationId":"pump-0042"}';
    const { status, headers, text } = await send("PUT", REGISTER, {
      body,
      headers: {
        "content-type": "application/json; charset=utf-8",
        "content-encoding": "utf-8",
        "user-agent": "sdk/1",
      },
    });
    expect(status).toBe(202);
    expect(headers).toMatchObject({
      "content-type": "application/json; charset=utf-8",
      "retry-after": "3",
      location: `https://127.0.0.1:${port()}${REGISTER}`,
      "x-ms-request-id": attempts.recent(1)[0]?.trackingId,
      "content-length": String(Buffer.byteLength(text)),
    });
    expect(headers["transfer-encoding"]).toBeUndefined();
    expect(headers["x-ms-error-code"]).toBeUndefined();
    expect(JSON.parse(text)).toEqual({ operationId: "4.1c2d.8d1a", status: "assigning" });
    expect(asked[0]?.request).toMatchObject({
      idScope: "0ne00000000",
      registrationId: "pump-0042",
      apiVersion: "2019-03-31",
      credentials: { kind: "tls" },
      connection,
    });
    expect(Buffer.from(asked[0]?.request.body ?? []).toString()).toBe(body);
    expect(attempts.recent(9)).toMatchObject([
      { registrationId: "pump-0042", clientVersion: "sdk/1", transport: "http" },
    ]);
  });

  it.each([
    ["absent", {}],
    ["application/json", { "content-type": "application/json" }],
    ["without a slash", { "content-type": "utf-8" }],
    ["empty", { "content-type": "" }],
    ["a form", { "content-type": "application/x-www-form-urlencoded" }],
  ])("reads a body with this content type: %s", async (_, headers) => {
    const { status } = await send("PUT", REGISTER, { body: '{"a":"x\\/y"}', headers });
    expect(status).toBe(202);
    expect(Buffer.from(asked[0]?.request.body ?? []).toString()).toBe('{"a":"x\\/y"}');
  });

  it("accepts a chunked body and an absent body", async () => {
    expect((await send("PUT", REGISTER, { headers: { "transfer-encoding": "chunked" }, body: "{}" })).status).toBe(202);
    expect((await send("PUT", REGISTER)).status).toBe(202);
    expect(asked.map(({ request }) => request.body?.length)).toEqual([2, 0]);
  });

  it.each([
    ["SharedAccessSignature sr=a&sig=b&se=1", { kind: "sas", token: "SharedAccessSignature sr=a&sig=b&se=1" }],
    ["Basic abc", { kind: "sas", token: "Basic abc" }],
  ])("passes on the authorization %s", async (authorization, credentials) => {
    await send("PUT", REGISTER, { headers: { authorization } });
    expect(asked[0]?.request.credentials).toEqual(credentials);
  });

  it.each([
    ["/0ne00000000/registrations/a%3Ab/register?api-version=2019-03-31", "a:b", "2019-03-31"],
    ["/0ne00000000/registrations/a%252Fb/register?api-version=2019-03-31", "a%2Fb", "2019-03-31"],
    ["/0ne00000000/registrations/a%2Fb/register?api-version=2019-03-31", "a/b", "2019-03-31"],
    [
      "/0ne00000000/Registrations/Pump-42/Register?API-Version=2021-06-01&forceRegistration=true",
      "Pump-42",
      "2021-06-01",
    ],
    ["/0ne00000000/registrations/a:b.c_d/register", "a:b.c_d", undefined],
    [`/0ne00000000/registrations/${"x".repeat(300)}/register?api-version=`, "x".repeat(300), ""],
  ])("reads the path %s", async (path, registrationId, apiVersion) => {
    expect((await send("PUT", path)).status).toBe(202);
    expect(asked[0]?.request).toMatchObject({ registrationId, apiVersion });
  });

  it("adds an error code to a refusal, but not to a TPM's challenge", async () => {
    answer = refused;
    const refusal = await send("PUT", REGISTER);
    expect([refusal.status, refusal.headers["x-ms-error-code"]]).toEqual([401, "401002"]);
    answer = ({ attempt }) => ({
      status: 401,
      trackingId: attempt.trackingId,
      body: { message: "Authorization required.", keyName: "registration", authenticationKey: "AAAA" },
    });
    const challenge = await send("PUT", REGISTER);
    expect(challenge.headers["x-ms-error-code"]).toBeUndefined();
    expect(JSON.parse(challenge.text)).toEqual({
      message: "Authorization required.",
      keyName: "registration",
      authenticationKey: "AAAA",
    });
  });

  it("keeps only a limited part of a stranger's texts", async () => {
    const long = "x".repeat(3000);
    const path = `/${long}/registrations/${long}/register?api-version=${long}`;
    await send("PUT", path, { headers: { "user-agent": long } });
    const [kept] = attempts.recent(1);
    const texts = [kept?.idScope, kept?.registrationId, kept?.apiVersion, kept?.clientVersion];
    expect(texts.map((text) => text?.length)).toEqual([256, 256, 256, 256]);
    expect(asked[0]?.request.registrationId).toHaveLength(3000);
  });

  it("begins the attempt of a second request on a connection at the time of that request", async () => {
    await send("PUT", REGISTER);
    await send("PUT", REGISTER);
    expect(attempts.recent(2).map(({ steps }) => steps.length)).toEqual([0, 1]);
  });
});

describe("bodies that are too large", () => {
  it.each([
    ["with a length", {}],
    ["in chunks", { "transfer-encoding": "chunked" }],
  ])("get 413 and an explanation, %s", async (_, headers: Record<string, string>) => {
    const { status, text } = await send("PUT", REGISTER, { body: Buffer.alloc(2_000_000, 0x20), headers });
    expect(status).toBe(413);
    const { trackingId, errorCode } = JSON.parse(text) as { trackingId: string; errorCode: number };
    expect(errorCode).toBe(413000);
    expect(attempts.find(trackingId)).toMatchObject({
      outcome: "refused",
      findings: [{ code: "protocol.payloadTooLarge", title: "The message has 2000000 bytes; 98304 are allowed." }],
    });
    expect(asked).toEqual([]);
  });

  it("are those above 96 KB", async () => {
    expect((await send("PUT", REGISTER, { body: Buffer.alloc(98_304, 0x20) })).status).toBe(202);
    expect((await send("PUT", REGISTER, { body: Buffer.alloc(98_305, 0x20) })).status).toBe(413);
  });
});

describe("operation status and look-up", () => {
  const POLL = "/0ne00000000/registrations/pump-0042/operations/4.1c2d.8d1a?api-version=2019-03-31";

  it("polls with a GET, also with a body", async () => {
    answer = ({ attempt }) => ({ ...accepted({ attempt } as DeviceRequest), status: 200 });
    const headers = { "content-type": "application/json", "content-length": "2" };
    const { status } = await send("GET", POLL, { body: "{}", headers });
    expect(status).toBe(200);
    expect(asked[0]).toMatchObject({ operation: "operationStatus", request: { operationId: "4.1c2d.8d1a" } });
    expect(attempts.size).toBe(0);
  });

  it("ends the attempt of the registration with the outcome that a poll fetched", async () => {
    await send("PUT", REGISTER);
    answer = ({ attempt: poll }) => {
      expect(poll.outcome, "a poll has to prove the device's identity").toBe("open");
      poll.outcome = "assigned";
      return { status: 200, trackingId: poll.trackingId, body: { operationId: "4.1c2d.8d1a", status: "assigned" } };
    };
    await send("GET", POLL);
    expect(attempts.find("pump-0042")).toMatchObject({ outcome: "assigned", steps: [{}, { name: "assigned" }] });
  });

  it("keeps a refused poll, and its reply names it", async () => {
    answer = refused;
    const { text, headers } = await send("GET", POLL);
    const { trackingId } = JSON.parse(text) as { trackingId: string };
    expect(headers["x-ms-request-id"]).toBe(trackingId);
    expect(attempts.find(trackingId)).toMatchObject({ outcome: "refused", reply: { status: 401, errorCode: 401002 } });
  });

  it("looks up with a POST", async () => {
    await send("POST", "/0ne00000000/registrations/pump-0042?api-version=2019-03-31", { body: "{}" });
    expect(asked[0]).toMatchObject({ operation: "lookUp", request: { registrationId: "pump-0042" } });
  });
});

describe("requests outside of the API", () => {
  it.each([
    ["GET", "/", 404, 404000],
    ["GET", "/favicon.ico", 404, 404000],
    ["PUT", "/a/b/c/d/e/f", 404, 404000],
    ["PUT", "/0ne00000000/registrations/%zz/register", 400, 400004],
    ["PUT", "/0ne00000000/registrations/%ff/register", 400, 400004],
  ])("%s %s → %d", async (method, path, status, errorCode) => {
    const answered = await send(method, path);
    expect(answered.status).toBe(status);
    expect(answered.headers["x-ms-error-code"]).toBe(String(errorCode));
    expect(JSON.parse(answered.text)).toMatchObject({ errorCode, trackingId: answered.headers["x-ms-request-id"] });
  });

  it.each([
    ["GET", REGISTER, "PUT"],
    ["DELETE", REGISTER, "PUT"],
    ["PROPFIND", REGISTER, "PUT"],
    ["HEAD", "/0ne00000000/registrations/a/operations/b", "GET"],
    ["PUT", "/0ne00000000/registrations/a", "POST"],
  ])("%s %s → 405, Allow: %s", async (method, path, allow) => {
    const { status, headers } = await send(method, path);
    expect([status, headers.allow]).toEqual([405, allow]);
  });

  it.each([
    ["not HTTP", "\u0016\u0003\u0001 hello\r\n\r\n", "HTTP/1.1 400 "],
    ["headers that never end", `GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(20_000)}\r\n\r\n`, "HTTP/1.1 431 "],
    ["two lengths", "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na", "HTTP/1.1 400 "],
  ])("%s → answered and closed", async (_, bytes, start) => {
    expect(await sendRaw(bytes)).toMatch(start);
  });

  it("HTTP/1.1 without Host is served", async () => {
    const answered = await sendRaw(`PUT ${REGISTER} HTTP/1.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
    expect(answered).toMatch(/^HTTP\/1\.1 202 /);
    expect(attempts.find("pump-0042")).toBeDefined();
  });

  it("an unknown Expect is answered with 417 and a message", async () => {
    const answered = await sendRaw(`PUT ${REGISTER} HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nContent-Length: 2\r\n\r\n`);
    expect(answered).toMatch(/^HTTP\/1\.1 417 Expectation Failed\r\n/);
    expect(JSON.parse(answered.split("\r\n\r\n")[1] ?? "")).toMatchObject({
      errorCode: 400004,
      trackingId: "t",
      message: '"Expect: tea" is not supported.',
    });
  });

  it.each(["h2c", "TLS/1.0, HTTP/1.1", "x", "websocket, x"])("Upgrade: %s is ignored", async (protocol) => {
    const request = (more: string) =>
      `PUT ${REGISTER} HTTP/1.1\r\nHost: a\r\nConnection: ${more}Upgrade\r\nUpgrade: ${protocol}\r\nContent-Length: 2\r\n\r\n{}`;
    // Twice: the connection continues as HTTP.
    const answered = await sendRaw(request(""), request("close, "));
    expect(answered.match(/HTTP\/1\.1 202 /g)).toHaveLength(2);
    expect(Buffer.from(asked[1]?.request.body ?? []).toString()).toBe("{}");
  });

  it("Upgrade: WebSocket is not ignored", async () => {
    const answered = await sendRaw("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n");
    expect(answered).toBe("upgraded");
  });

  it("an aborted upload is not reported as an internal error", async () => {
    const socket = connect(port(), "127.0.0.1", () => {
      socket.write(`PUT ${REGISTER} HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{`, () => socket.destroy());
    });
    await new Promise((resolve) => socket.once("close", resolve));
    expect((await send("PUT", REGISTER)).status).toBe(202);
    expect([asked.length, faults]).toEqual([1, []]);
  });

  it("answers 500 if the engine rejects against its contract, and keeps serving", async () => {
    answer = () => Promise.reject(new Error("disk on fire"));
    const { status, text, headers } = await send("PUT", REGISTER);
    expect([status, text.includes("fire"), faults.length]).toEqual([500, false, 1]);
    expect(headers["retry-after"]).toBe("7");
    answer = accepted;
    expect((await send("PUT", REGISTER)).status).toBe(202);
  });
});
