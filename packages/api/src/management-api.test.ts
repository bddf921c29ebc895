import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
} from "node:http";
import type { AddressInfo } from "node:net";
import { AttemptLog } from "@rollcall/engine";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createManagementApi, type ManagementApi } from "./management-api.js";
import { sampleInfo } from "./testing/sample-info.js";
import { checkAnswer } from "./testing/strict-answers.js";

const TOKEN = "a-token";
const attempts = new AttemptLog(() => 1000);
const { trackingId } = attempts.begin({
  at: "service",
  registrationId: "Pump-1",
  transport: "mqtt",
  remote: "127.0.0.1:1",
  acceptedAt: 1000,
});

let isReady: boolean;
let stops: number;
let api: ManagementApi;
let server: Server;
const port = () => (server.address() as AddressInfo).port;

beforeEach(async () => {
  isReady = true;
  stops = 0;
  api = await createManagementApi({
    attempts,
    clock: () => 1000,
    port,
    info: () => sampleInfo,
    ca: () => "-----BEGIN CERTIFICATE-----",
    credentials: async (registrationId) => [
      { kind: "individual", id: registrationId, attestation: "symmetricKey", key: "secret" },
    ],
    ready: () => isReady,
    stop: () => {
      stops += 1;
    },
    token: TOKEN,
  });
  server = createServer(api.handler);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await api.close();
});

async function send(method: string, path: string, headers: Record<string, string> = {}) {
  const answer = await sendUnchecked(method, path, headers);
  const { status, text } = answer;
  checkAnswer({ method, url: path, status, contentType: answer.headers["content-type"], text });
  return answer;
}

function sendUnchecked(method: string, path: string, headers: Record<string, string>) {
  return new Promise<{ status: number; text: string; headers: IncomingHttpHeaders }>((resolve, reject) => {
    const request = httpRequest({ host: "127.0.0.1", port: port(), method, path, headers }, (response) => {
      let text = "";
      response.on("data", (part: Buffer) => {
        text += part.toString();
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text, headers: response.headers }));
    });
    request.on("error", reject).end();
  });
}

const owner = { authorization: `Bearer ${TOKEN}` };

it("says that it is healthy and ready", async () => {
  const health = await send("GET", "/healthz");
  expect(health).toMatchObject({
    status: 200,
    text: "ok",
    headers: { "cache-control": "no-store", "x-content-type-options": "nosniff" },
  });
  expect(await send("GET", "/readyz")).toMatchObject({ status: 200, text: "ready" });
  isReady = false;
  expect((await send("GET", "/readyz")).status).toBe(503);
});

it("gives the credentials of a device to holders of the token only", async () => {
  const path = `/enrollments/${encodeURIComponent("pump:1")}/credentials`;
  for (const headers of [{}, { authorization: "Bearer other" }]) {
    const refused = await send("GET", path, headers);
    expect(refused.status).toBe(401);
    expect(refused.text).not.toContain("secret");
  }
  const answer = await send("GET", path, owner);
  expect(JSON.parse(answer.text)).toEqual([
    { kind: "individual", id: "pump:1", attestation: "symmetricKey", key: "secret" },
  ]);
});

it("finds an attempt by tracking id and by registration id", async () => {
  for (const id of [trackingId, "pump-1"]) {
    const { status, text } = await send("GET", `/attempts/${id}`);
    expect([status, (JSON.parse(text) as { trackingId: string }).trackingId]).toEqual([200, trackingId]);
  }
  expect((await send("GET", "/attempts/nobody")).status).toBe(404);
});

it("gives the connection string to holders of the token only", async () => {
  expect((await send("GET", "/info")).status).toBe(401);
  expect((await send("GET", "/info", { authorization: "Bearer other" })).status).toBe(401);
  expect(await send("GET", "/info", owner)).toMatchObject({ status: 200, text: JSON.stringify(sampleInfo) });
});

it("stops at the request of a holder of the token, but not of a page", async () => {
  expect((await send("POST", "/stop")).status).toBe(401);
  expect((await send("GET", "/stop", owner)).status).toBe(405);
  expect((await send("POST", "/stop", { ...owner, origin: `http://127.0.0.1:${port()}` })).status).toBe(403);
  expect(stops).toBe(0);
  expect((await send("POST", "/stop", owner)).status).toBe(202);
  await expect.poll(() => stops).toBe(1);
});

it.each([
  ["127.0.0.1", 200],
  ["LOCALHOST", 200],
  ["[::1]", 200],
  ["evil.example", 403],
  ["127.0.0.1.evil.example", 403],
  ["0.0.0.0", 403],
])("a request to %s is answered %d", async (host, status) => {
  expect((await send("GET", "/healthz", { host: `${host}:${port()}` })).status).toBe(status);
});

it.each([
  ["PUT", "/attempts", "GET"],
  ["POST", "/healthz", "GET"],
  ["DELETE", "/attempts/a", "GET"],
  ["GET", "/stop", "POST"],
])("a %s of %s gets the list of allowed methods", async (method, path, allowed) => {
  const { status, headers } = await send(method, path, owner);
  expect([status, headers.allow]).toEqual([405, allowed]);
});

it("refuses a wrong port, a missing port, and an unreadable path", async () => {
  expect((await send("GET", "/healthz", { host: "127.0.0.1:1" })).status).toBe(403);
  expect((await send("GET", "/healthz", { host: "127.0.0.1" })).status).toBe(403);
  expect((await send("GET", "/attempts/%zz")).status).toBe(400);
  expect((await send("GET", "/nothing")).status).toBe(404);
});

it("finds an attempt by an id of 128 characters", async () => {
  const registrationId = "x".repeat(128);
  attempts.begin({ at: "service", registrationId, transport: "http", remote: "127.0.0.1:1", acceptedAt: 1000 });
  expect((await send("GET", `/attempts/${registrationId}`)).status).toBe(200);
});

it("gives everybody the CA certificate to trust", async () => {
  const answer = await send("GET", "/ca.pem");
  expect(answer).toMatchObject({ status: 200, text: "-----BEGIN CERTIFICATE-----" });
  expect(answer.headers["content-disposition"]).toBe('attachment; filename="rollcall-ca.pem"');
});

it("streams attempts to holders of the token, and ends the streams when it is closed", async () => {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const options = { host: "127.0.0.1", port: port(), path: "/events/attempts", headers: owner };
    httpRequest(options, resolve).on("error", reject).end();
  });
  expect([answer.statusCode, answer.headers["content-type"]]).toEqual([200, "text/event-stream; charset=utf-8"]);
  const ended = new Promise((resolve) => answer.once("end", resolve));
  let text = "";
  answer.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  attempts.begin({ at: "service", registrationId: "pump-9", transport: "http", remote: "r", acceptedAt: 1000 });
  await expect.poll(() => text).toContain('event: attempt\ndata: {"at":"service","registrationId":"pump-9"');
  await api.close();
  await ended;
});
