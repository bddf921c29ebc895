import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer, request as httpRequest, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AttemptLog, createCertificateOperator, createOperator, MemoryStore } from "@rollcall/engine";
import { createHub, type Hub } from "@rollcall/hub";
import { type DeviceIdentity, operatorRoutes, type Twin } from "@rollcall/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createManagementApi, type ManagementApi } from "./management-api.js";
import { sampleInfo } from "./testing/sample-info.js";
import { checkAnswer } from "./testing/strict-answers.js";

const TOKEN = "a-token";
const HUB = "hub.example";
/** A root made with OpenSSL: EC P-256, CN=Test Root, valid for a century. */
const ROOT = `-----BEGIN CERTIFICATE-----
MIIBfzCCASWgAwIBAgIUQ6SJR0i6zyIXkuBRf5mWZ6ahIi8wCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJVGVzdCBSb290MCAXDTI2MTEyNTIxMDY0MloYDzIxMjYxMTAx
MjEwNjQyWjAUMRIwEAYDVQQDDAlUZXN0IFJvb3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQnVpMSF+ffj02Krg+rD1htDyhtZhIpi75NU4bhDWcI9CMdZ3djt18I
bGUq6VHNK0elok9/ngG54VesEbKesRNLo1MwUTAdBgNVHQ4EFgQUJztyho6SZVlw
UqzZwQZWf/nriWcwHwYDVR0jBBgwFoAUJztyho6SZVlwUqzZwQZWf/nriWcwDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEA6jEIS/6O56okqynwu55h
XABAjkKztFNV9VBBzQh+m/ECIBTrOVW1xJKE3+KY4feDiiTQDWEuNHzdyZnTECvP
dbG7
-----END CERTIFICATE-----`;

let spools: string;
let store: MemoryStore;
let hub: Hub;
let connected: Set<string>;
let api: ManagementApi;
let server: Server;
const port = () => (server.address() as AddressInfo).port;

async function start(): Promise<void> {
  spools = mkdtempSync(join(tmpdir(), "rollcall-spools-"));
  store = new MemoryStore();
  connected = new Set();
  const linked = [{ host: HUB, weight: 3, applyAllocationPolicy: true, latency: 7 }];
  const hubs = { linked: () => linked };
  const clock = () => 1000;
  hub = createHub({ store, hubs, clock });
  let draws = 0;
  const random = (size: number) => Buffer.alloc(size, ++draws);
  api = await createManagementApi({
    attempts: new AttemptLog(clock),
    clock,
    port,
    info: () => sampleInfo,
    ca: () => "",
    credentials: async () => [],
    ready: () => true,
    stop: () => undefined,
    token: TOKEN,
    operator: createOperator({ store, hubs, clock, random, clusterSecret: Buffer.alloc(32) }),
    parts: {
      certificates: createCertificateOperator({ store, clock, random }),
      store,
      hub,
      hubs,
      idScope: "0ne00000000",
      random,
      spoolDirectory: spools,
      isConnected: ({ deviceId }) => connected.has(deviceId),
    },
  });
  server = createServer(api.handler);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
}

async function stop(): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await api.close();
  // Every import removes its files, whatever its outcome.
  expect(readdirSync(spools)).toEqual([]);
  rmSync(spools, { recursive: true });
}

beforeEach(start);
afterEach(stop);

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly body: Record<string, unknown>;
  readonly headers: IncomingHttpHeaders;
}

/** The etag that the random source makes in the draw of this number. */
const etag = (draw: number) => Buffer.alloc(12, draw).toString("hex");
const owner = { authorization: `Bearer ${TOKEN}` };

async function send(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = owner,
): Promise<Answer> {
  const answer = await sendUnchecked(method, path, body, headers);
  const { status, text } = answer;
  checkAnswer({ method, url: path, status, contentType: answer.headers["content-type"], text });
  return answer;
}

function sendUnchecked(method: string, path: string, body: unknown, headers: Record<string, string>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: "127.0.0.1", port: port(), method, path, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("end", () => {
        const text = Buffer.concat(parts).toString();
        const isJson = text !== "" && String(response.headers["content-type"]).startsWith("application/json");
        const parsed = isJson ? JSON.parse(text) : {};
        resolve({ status: response.statusCode ?? 0, text, body: parsed, headers: response.headers });
      });
    });
    const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
    if (text !== undefined) request.setHeader("content-length", Buffer.byteLength(text));
    request.on("error", reject).end(text);
  });
}

async function addDevice(hubHost: string, deviceId: string): Promise<void> {
  const identity: DeviceIdentity = {
    hub: hubHost,
    deviceId,
    registrationId: deviceId,
    authentication: { type: "symmetricKey", primaryKey: "c2VjcmV0a2V5" },
    iotEdge: false,
    status: "enabled",
    createdAt: 0,
  };
  const versions = { desiredVersion: 1, desiredUpdatedAt: 0, reportedVersion: 1, reportedUpdatedAt: 0 };
  const twin: Twin = { hub: hubHost, deviceId, tags: {}, desired: {}, reported: {}, ...versions, etag: "t1" };
  await store.restore({ identities: [identity], twins: [twin] });
}

describe("queries", () => {
  const put = (id: string) =>
    send("PUT", `/enrollments/${id}`, { registrationId: id, attestation: { type: "symmetricKey" } });
  const list = (query: string, more = "") => send("GET", `/enrollments?query=${encodeURIComponent(query)}${more}`);

  it("of the service API that were not understood are listed, each text once", async () => {
    await put("a");
    const az = "{'additional_properties': {}, 'query': 'SELECT *'}";
    for (const query of ["", az, "SELECT * FROM enrollments", az]) {
      expect(await send("POST", "/enrollments/query", { query })).toMatchObject({
        status: 200,
        body: [{ registrationId: "a" }],
      });
    }
    expect(await send("GET", "/ignoredQueries")).toMatchObject({
      status: 200,
      body: [
        {
          code: "query.notUnderstood",
          severity: "warning",
          collection: "enrollments",
          query: az,
          position: 1,
          count: 2,
          firstAt: 1000,
          lastAt: 1000,
        },
      ],
    });
  });

  it("of the portal filter the list, and are refused if invalid", async () => {
    for (const id of ["a", "b", "c"]) await put(id);
    const first = await list("* WHERE enrollments.registrationId >= 'B'", "&limit=1");
    expect(first.body).toMatchObject({ items: [{ registrationId: "b" }], next: expect.any(String) });
    const rest = await list(
      "* WHERE enrollments.registrationId >= 'B'",
      `&after=${encodeURIComponent(String(first.body["next"]))}`,
    );
    expect(rest.body).toMatchObject({ items: [{ registrationId: "c" }] });
    expect(rest.body).not.toHaveProperty("next");
    const slip = await list("* WHERE registrationid = 'b'");
    expect(slip).toMatchObject({ status: 400, body: { info: { path: "query", position: "9" } } });
    expect(await list("*", "&search=a")).toMatchObject({ status: 400, body: { info: { path: "query" } } });
    expect((await send("GET", "/ignoredQueries")).body).toEqual([]);
  });
});

describe("access", () => {
  const paths = Object.values(operatorRoutes).map(({ method, path }) => ({ method, path: path.replace(/:\w+/g, "x") }));

  it.each(paths)("$method $path requires the token", async ({ method, path }) => {
    for (const headers of [{}, { authorization: "Bearer no" }]) {
      expect(await send(method, path, undefined, headers)).toMatchObject({ status: 401, body: { errorCode: 401002 } });
    }
  });

  it.each(paths.filter(({ method }) => method !== "GET"))(
    "$method $path refuses pages of other origins",
    async (row) => {
      for (const origin of ["http://evil.example", "null", `https://127.0.0.1:${port()}`]) {
        expect(await send(row.method, row.path, {}, { ...owner, origin })).toMatchObject({ status: 403 });
      }
    },
  );

  it("our own page may write", async () => {
    const origin = `http://127.0.0.1:${port()}`;
    const answer = await send("PUT", "/certificates/root", { certificate: ROOT }, { ...owner, origin });
    expect(answer.status).toBe(201);
  });
});

it("a wrong method gets the list of allowed methods", async () => {
  expect(await send("DELETE", "/hubs")).toMatchObject({ status: 405, headers: { allow: "GET" } });
  expect(await send("PUT", "/enrollments")).toMatchObject({ status: 405, headers: { allow: "POST, GET" } });
  expect(await send("HEAD", "/export")).toMatchObject({ status: 405, headers: { allow: "GET" } });
});

describe("lists of enrollments", () => {
  it("counts", async () => {
    expect((await send("GET", "/counts")).body).toEqual({
      individualEnrollments: 0,
      enrollmentGroups: 0,
      registrations: 0,
      certificates: 0,
    });
  });

  it("are read page by page, with search and status", async () => {
    const enrollment = (registrationId: string) => ({ registrationId, attestation: { type: "symmetricKey" } });
    for (const id of ["pump-1", "valve-1", "pump-2", "pump-3"]) await send("PUT", `/enrollments/${id}`, enrollment(id));
    const group = { enrollmentGroupId: "line", attestation: { type: "symmetricKey" }, provisioningStatus: "disabled" };
    await send("PUT", "/enrollmentGroups/line", group);
    const ids = ({ body }: Answer) =>
      (body["items"] as { registrationId: string }[]).map((each) => each.registrationId);
    const first = await send("GET", "/enrollments?search=UMP&limit=2");
    expect(ids(first)).toEqual(["pump-1", "pump-2"]);
    const after = encodeURIComponent(String(first.body["next"]));
    const last = await send("GET", `/enrollments?search=UMP&limit=2&after=${after}`);
    expect([ids(last), last.body["next"]]).toEqual([["pump-3"], undefined]);
    expect((await send("GET", "/enrollmentGroups?status=disabled")).body).toMatchObject({
      items: [{ enrollmentGroupId: "line" }],
    });
    expect((await send("GET", "/enrollmentGroups?status=enabled")).body).toEqual({ items: [] });
    expect(first.text).not.toContain("primaryKey");
  });

  it.each(["status=odd", "limit=0", "limit=1001", "limit=x", "limit=1&limit=2", "search=a&search=b"])(
    "?%s is refused with the name of the parameter",
    async (query) => {
      const answer = await send("GET", `/enrollments?${query}`);
      expect(answer).toMatchObject({ status: 400, body: { errorCode: 400004, info: { path: query.split("=")[0] } } });
    },
  );
});

describe("CA certificates", () => {
  it("work from upload to removal", async () => {
    const made = await send("PUT", "/certificates/root", { certificate: ROOT });
    expect(made).toMatchObject({
      status: 201,
      body: { name: "root", etag: etag(1), properties: { isVerified: false } },
    });
    expect((await send("GET", "/certificates")).text).toBe(JSON.stringify([made.body]));
    expect((await send("GET", "/certificates/ROOT")).body).toEqual(made.body);
    const coded = await send("POST", "/certificates/root/generateVerificationCode", undefined, {
      ...owner,
      "if-match": `"${etag(1)}"`,
    });
    expect(coded.body).toMatchObject({
      etag: etag(3),
      properties: { verificationCode: expect.stringMatching(/^[0-9A-F]{48}$/) },
    });
    expect(await send("POST", "/certificates/root/verify", { certificate: ROOT })).toMatchObject({
      status: 400,
      body: { info: { path: "certificate" }, message: expect.stringContaining("it is the CA certificate itself") },
    });
    expect((await send("DELETE", "/certificates/root", undefined, { ...owner, "if-match": etag(1) })).status).toBe(412);
    expect(await send("DELETE", "/certificates/root")).toMatchObject({ status: 204, text: "" });
    expect(await send("GET", "/certificates/root")).toMatchObject({ status: 404, body: { errorCode: 404204 } });
  });

  it.each<[string, unknown, number, RegExp]>([
    ["nothing", undefined, 400, /not a JSON object/],
    ["text that is not JSON", "{", 400, /The body is not JSON/],
    ["too much", " ".repeat(98_305), 413, /96 KB/],
    ["a deep nest", "[".repeat(1000), 400, /nested deeper/],
  ])("with %s as body are refused", async (_, body, status, message) => {
    const answer = await send("PUT", "/certificates/root", body, { ...owner, "content-type": "text/csv" });
    expect(answer).toMatchObject({ status, body: { message: expect.stringMatching(message) } });
    expect(answer.headers["x-ms-error-code"]).toBe(String(answer.body["errorCode"]));
  });
});

describe("hubs", () => {
  it("are listed with their devices, also those that are no longer linked", async () => {
    await addDevice(HUB, "a");
    await addDevice("old.example", "b");
    expect(JSON.parse((await send("GET", "/hubs")).text)).toEqual([
      { host: HUB, weight: 3, applyAllocationPolicy: true, latency: 7, linked: true, devices: 1 },
      { host: "old.example", weight: 0, applyAllocationPolicy: false, linked: false, devices: 1 },
    ]);
  });

  it("list their devices page by page", async () => {
    for (const id of ["b-1", "a-1", "A-2", "c"]) await addDevice(HUB, id);
    connected.add("a-1");
    const ids: string[] = [];
    let after = "";
    for (let pages = 0; pages < 9; pages++) {
      const { body } = await send("GET", `/hubs/HUB.example/devices?limit=2${after}`);
      const { items, next } = body as { items: { deviceId: string }[]; next?: string };
      ids.push(...items.map((each) => each.deviceId));
      if (next === undefined) break;
      after = `&after=${encodeURIComponent(next)}`;
    }
    expect(ids).toEqual(["A-2", "a-1", "b-1", "c"]);
    const found = await send("GET", `/hubs/${HUB}/devices?search=A-1`);
    expect(found.body).toEqual({
      items: [
        {
          deviceId: "a-1",
          registrationId: "a-1",
          authenticationType: "symmetricKey",
          x509Thumbprint: { primaryThumbprint: null, secondaryThumbprint: null },
          status: "enabled",
          createdDateTimeUtc: "1970-01-01T00:00:00.0000000Z",
          iotEdge: false,
          connectionState: "Connected",
        },
      ],
    });
    expect(found.text).not.toContain("c2VjcmV0a2V5");
  });

  it.each(["/hubs/none/devices", "/hubs/none/devices/a/twin", `/hubs/${HUB}/devices/none/twin`])(
    "%s does not exist",
    async (path) => expect((await send("GET", path)).status).toBe(404),
  );
});

describe("twins", () => {
  const path = `/hubs/${HUB}/devices/${encodeURIComponent("a$1")}/twin`;
  beforeEach(() => addDevice(HUB, "a$1"));

  it("are shown and patched", async () => {
    expect((await send("GET", path)).body).toMatchObject({
      deviceId: "a$1",
      etag: "t1",
      connectionState: "Disconnected",
    });
    const patch = { properties: { desired: { interval: 5 } }, tags: { site: "north" } };
    const patched = await send("PATCH", path, patch, { ...owner, "if-match": '"t0", "t1"' });
    expect(patched).toMatchObject({
      status: 200,
      body: { tags: { site: "north" }, properties: { desired: { interval: 5, $version: 2 } } },
    });
    expect((await send("PATCH", path, patch, { ...owner, "if-match": '"t1"' })).status).toBe(412);
    expect((await send("PATCH", path, patch, { ...owner, "if-match": "*" })).status).toBe(200);
  });

  it.each<[unknown, RegExp]>([
    [undefined, /not a JSON object/],
    [{}, /nothing would change/],
    [{ deviceId: "b" }, /"deviceId" cannot be changed/],
    [{ properties: { reported: {} } }, /only the device changes reported properties/],
    [{ properties: { desired: [] } }, /properties.desired: is not a JSON object/],
    [{ tags: null }, /tags: is not a JSON object/],
    [{ tags: { $x: 1 } }, /tags: .*\$/],
  ])("refuse %j", async (body, message) => {
    expect(await send("PATCH", path, body)).toMatchObject({
      status: 400,
      body: { message: expect.stringMatching(message) },
    });
    expect((await store.twin(HUB, "a$1"))?.etag).toBe("t1");
  });

  it("are removed with their device", async () => {
    const removed: unknown[] = [];
    hub.watchRemoved((device) => void removed.push(device.deviceId));
    const device = path.replace("/twin", "");
    expect((await send("DELETE", device)).status).toBe(204);
    expect([removed, (await send("DELETE", device)).status, (await send("GET", path)).status]).toEqual([
      ["a$1"],
      404,
      404,
    ]);
  });
});

describe("inspection", () => {
  it("reads and refuses, and stores nothing", async () => {
    expect((await send("POST", "/inspect/certificate", { certificate: ROOT })).body).toMatchObject({
      subjectName: "CN=Test Root",
      isCa: true,
      isSelfSigned: true,
      keyAlgorithm: "EC P-256",
    });
    expect(await send("POST", "/inspect/certificate", { certificate: "#" })).toMatchObject({
      status: 400,
      body: { info: { path: "certificate" } },
    });
    expect(await send("POST", "/inspect/endorsementKey", { endorsementKey: "AAAA" })).toMatchObject({
      status: 400,
      body: {
        info: { path: "endorsementKey" },
        message: expect.stringContaining("is not an endorsement key (TPM2B_PUBLIC)"),
      },
    });
    expect((await store.counts()).certificates).toBe(0);
  });
});

describe("export and import", () => {
  const enrollment = (registrationId: string, primaryKey: string | null = Buffer.alloc(32, 1).toString("base64")) => ({
    registrationId,
    attestation: {
      type: "symmetricKey",
      symmetricKey: primaryKey && { primaryKey, secondaryKey: primaryKey },
      tpm: null,
      x509: null,
    },
    provisioningStatus: "enabled",
  });

  it("copy everything to a second instance", async () => {
    await addDevice(HUB, "a");
    await send("PUT", "/certificates/root", { certificate: ROOT });
    expect((await send("POST", "/import", [enrollment("a"), enrollment("b")])).body).toMatchObject({
      format: "list",
      imported: { individuals: 2, groups: 0 },
    });
    const exported = await send("GET", "/export");
    expect(exported.headers["content-type"]).toBe("application/x-ndjson; charset=utf-8");
    const before = exported.text;
    await stop();
    await start();
    expect((await send("POST", "/import", before)).body).toEqual({
      format: "export",
      imported: { certificates: 1, groups: 0, individuals: 2, registrations: 0, identities: 1, twins: 1 },
      notes: [],
    });
    const records = (text: string) =>
      text
        .trim()
        .split("\n")
        .slice(1)
        .map((line): unknown => JSON.parse(line));
    expect(records((await send("GET", "/export")).text)).toEqual(records(before));
  });

  it.each<[string, string, unknown, number, RegExp]>([
    ["nothing", "", undefined, 400, /The upload is empty/],
    ["an invalid flag", "?overwrite=maybe", [], 400, /overwrite: must be true or false/],
    [
      "an entry without keys",
      "",
      [enrollment("a", null)],
      400,
      /^Line 1: attestation.symmetricKey: a has no symmetric keys/,
    ],
    ["YAML", "", "enrollments:\n  - a", 400, /^Line 1: does not begin a Rollcall export/],
  ])("of %s is refused", async (_, query, body, status, message) => {
    expect(await send("POST", `/import${query}`, body)).toMatchObject({
      status,
      body: { message: expect.stringMatching(message) },
    });
    expect((await store.counts()).individualEnrollments).toBe(0);
  });

  it("name the first existing record, and replace it with overwrite=true", async () => {
    await send("POST", "/import", [enrollment("b")]);
    expect(await send("POST", "/import", [enrollment("a"), enrollment("B")])).toMatchObject({
      status: 409,
      body: { errorCode: 409201, info: { id: "B", line: "1" } },
    });
    expect(await store.individualEnrollment("a")).toBeUndefined();
    expect((await send("POST", "/import?overwrite", [enrollment("a"), enrollment("B")])).status).toBe(200);
    expect((await store.counts()).individualEnrollments).toBe(2);
  });
});
