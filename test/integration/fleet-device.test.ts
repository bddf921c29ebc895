import { issueIntermediate, issueLeaf, issueRoot } from "@rollcall/pki";
import { parseSas } from "@rollcall/protocol";
import { connectToHub, InvalidIdentityError, type RegisterOptions, registerDevice } from "@rollcall/simulator";
import { describe, expect, it } from "vitest";
import { type Script, type ScriptedAnswer, type ScriptedService, startScripted } from "./scripted-service.js";
import { until } from "./until.js";

const key = Buffer.alloc(32, 7).toString("base64");
const now = () => Date.parse("2026-06-01T00:00:00Z");
const operationId = "4.1c2d3e4f5a6b7c8d.8d1a0a52-6f0e-4c5b-9a57-2f4f0c3d9b11";
const assigning: ScriptedAnswer = { status: 202, retryAfter: 0, body: { operationId, status: "assigning" } };
const state = { registrationId: "pump", status: "assigned", assignedHub: "127.0.0.1", deviceId: "pump" };
const assigned: ScriptedAnswer = { status: 200, body: { operationId, status: "assigned", registrationState: state } };
const refusal = { errorCode: 401002, trackingId: "5b6c1d1e", message: "Invalid certificate.", timestampUtc: "2026" };

function optionsFor(
  service: ScriptedService,
  transport: "mqtt" | "http",
  extra: Partial<RegisterOptions> = {},
): RegisterOptions {
  const target = { host: "127.0.0.1", port: service.ports[transport], idScope: "0ne00000000", ca: service.ca };
  const identity = { kind: "symmetricKey", key } as const;
  return { target, registrationId: "pump", identity, transport, timeout: 15_000, now, ...extra };
}

/** Accepts each connect, and answers requests in the given order; the last answer is repeated. */
const inTurn =
  (answers: Partial<Record<string, readonly ScriptedAnswer[]>>): Script =>
  (request) => {
    const own = answers[request.operation] ?? [];
    return own[Math.min(request.before, own.length - 1)] ?? { status: 200 };
  };

describe.each(["mqtt", "http"] as const)("a device that registers over %s", (transport) => {
  it("asks, waits, polls the operation and gets its hub", async () => {
    await using service = await startScripted(
      inTurn({ register: [assigning], operationStatus: [assigning, assigned] }),
    );
    const seen: string[] = [];
    const onPhase = (phase: string) => seen.push(phase);
    const result = await registerDevice(optionsFor(service, transport, { payload: { a: 1 }, onPhase }));
    expect(result).toMatchObject({ outcome: "assigned", registrationState: state });
    const requests = service.requests.filter(({ operation }) => operation !== "connect");
    expect(requests.map(({ operation }) => operation)).toEqual(["register", "operationStatus", "operationStatus"]);
    expect(JSON.parse(requests[0]?.body ?? "")).toEqual({ registrationId: "pump", payload: { a: 1 } });
    expect(requests[1]?.operationId).toBe(operationId);
    const before = transport === "mqtt" ? ["tls", "connack", "suback"] : ["tls"];
    expect(seen).toEqual([...before, "register", "wait", "poll", "wait", "poll", "assigned"]);
    expect(Object.keys(result.phases).sort()).toEqual([...new Set(seen)].sort());
    await until(
      () => service.open.size,
      (open) => open === 0,
    );
  });

  it("signs a token that the service can check, on every request", async () => {
    await using service = await startScripted(inTurn({ register: [assigning], operationStatus: [assigned] }));
    await registerDevice(optionsFor(service, transport));
    const tokens = new Set(service.requests.map(({ token }) => token));
    expect(tokens.size).toBe(1);
    const sas = parseSas([...tokens][0] ?? "");
    expect(sas).toMatchObject({
      ok: true,
      token: { resource: "0ne00000000%2Fregistrations%2Fpump", keyName: "registration", expiry: now() / 1000 + 3600 },
    });
  });

  it.each([429, 500, 503])("tries again when told so by %i, and is assigned", async (status) => {
    const busy = { status, retryAfter: 0, body: { errorCode: status * 1000 + 1, message: "busy" } };
    await using service = await startScripted(
      inTurn({ register: [busy, busy, assigning], operationStatus: [busy, assigned] }),
    );
    const result = await registerDevice(optionsFor(service, transport));
    expect(result.outcome).toBe("assigned");
  });

  it("tries again when a proxy says 502 with a web page", async () => {
    const page = { status: 502, retryAfter: 0, body: "<html>Bad gateway</html>" };
    await using service = await startScripted(inTurn({ register: [page, assigned] }));
    expect(await registerDevice(optionsFor(service, transport))).toMatchObject({ outcome: "assigned" });
  });

  it("gives up on a service that stays busy", async () => {
    await using service = await startScripted(
      inTurn({ register: [{ status: 429, retryAfter: 0, body: { message: "busy" } }] }),
    );
    const result = await registerDevice(optionsFor(service, transport));
    expect(result).toMatchObject({ outcome: "refused", status: 429, message: "busy" });
    expect(service.requests.filter(({ operation }) => operation === "register")).toHaveLength(6);
  });

  it.each([400, 401, 404, 413])("does not retry after %i", async (status) => {
    await using service = await startScripted(inTurn({ register: [{ status, body: refusal }] }));
    const result = await registerDevice(optionsFor(service, transport));
    const { errorCode, trackingId, message } = refusal;
    expect(result).toMatchObject({ outcome: "refused", status, errorCode, trackingId, message });
    expect(service.requests.filter(({ operation }) => operation === "register")).toHaveLength(1);
    await until(
      () => service.open.size,
      (open) => open === 0,
    );
  });

  it.each(["failed", "disabled"])("treats a registration that ends as %s as a refusal", async (status) => {
    const registrationState = { status, errorCode: 400208, errorMessage: "No linked IoT hub is available." };
    await using service = await startScripted(
      inTurn({ register: [assigning], operationStatus: [{ status: 200, body: { status, registrationState } }] }),
    );
    const result = await registerDevice(optionsFor(service, transport));
    expect(result).toMatchObject({ outcome: "refused", errorCode: 400208, message: registrationState.errorMessage });
  });

  it.each<[string, ScriptedAnswer, RegExp]>([
    ["no JSON", { status: 200, body: "{" }, /body of reply 200 cannot be read/],
    ["not an object", { status: 200, body: "[1]" }, /is not a JSON object/],
    [
      "an unknown status",
      { status: 202, body: { operationId, status: "pondering" } },
      /is not a registration status: status/,
    ],
    ["no operation to poll", { status: 202, body: { status: "assigning" } }, /without an operation to poll/],
    [
      "no hub",
      { status: 200, body: { status: "assigned", registrationState: { deviceId: "a" } } },
      /without hub and device id/,
    ],
    ["a closed connection", "hangUp", /closed the connection|was lost/],
  ])("reports an unusable answer: %s", async (_, answer, message) => {
    await using service = await startScripted(inTurn({ register: [answer] }));
    const result = await registerDevice(optionsFor(service, transport));
    expect(result).toMatchObject({
      outcome: "unreachable",
      during: "register",
      cause: { message: expect.stringMatching(message) },
    });
  });

  it("ends when its time is up, and leaves nothing open", async () => {
    await using service = await startScripted(inTurn({ register: ["silence"] }));
    const result = await registerDevice(optionsFor(service, transport, { timeout: 600 }));
    expect(result).toMatchObject({ outcome: "unreachable", cause: { message: "no answer within 600 ms" } });
    await until(
      () => service.open.size,
      (open) => open === 0,
    );
  });

  it("ends at once when the caller aborts, and leaves nothing open", async () => {
    await using service = await startScripted(inTurn({ register: ["silence"] }));
    const abort = new AbortController();
    const result = registerDevice(optionsFor(service, transport, { signal: abort.signal }));
    await until(
      () => service.requests.map(({ operation }) => operation),
      (seen) => seen.includes("register"),
    );
    abort.abort(new Error("stop it"));
    await expect(result).rejects.toThrow("stop it");
    await until(
      () => service.open.size,
      (open) => open === 0,
    );
    await expect(registerDevice(optionsFor(service, transport, { signal: abort.signal }))).rejects.toThrow("stop it");
  });

  it("does not talk to a server whose certificate it cannot verify", async () => {
    await using service = await startScripted(inTurn({}));
    const { certificatePem: ca } = await issueRoot({ commonName: "another root" });
    const target = { ...optionsFor(service, transport).target, ca };
    const result = await registerDevice(optionsFor(service, transport, { target }));
    const message = expect.stringContaining("does not chain to the given CA");
    expect(result).toMatchObject({ outcome: "unreachable", during: "tls", cause: { message } });
    expect(service.requests).toEqual([]);
  });

  it("reports that nothing listens", async () => {
    const service = await startScripted(inTurn({}));
    await service[Symbol.asyncDispose]();
    const result = await registerDevice(optionsFor(service, transport));
    const message = expect.stringContaining("nothing listens there");
    expect(result).toMatchObject({ outcome: "unreachable", during: "tls", cause: { message } });
  });

  it.each([
    ["localhost", "localhost"],
    ["127.0.0.1", false],
  ] as const)("asks %s for the server name %s", async (host, serverName) => {
    await using service = await startScripted(inTurn({ register: [assigned] }));
    const target = { ...optionsFor(service, transport).target, host };
    expect(await registerDevice(optionsFor(service, transport, { target }))).toMatchObject({ outcome: "assigned" });
    expect(service.requests[0]?.serverName).toBe(serverName);
  });

  it("presents the chain as it is, whole or without the intermediate", async () => {
    await using service = await startScripted(inTurn({ register: [assigned] }));
    const root = await issueRoot({ commonName: "root" });
    const parent = await issueIntermediate({ commonName: "intermediate", parent: root });
    const leaf = await issueLeaf({ commonName: "pump", parent });
    for (const certificatePem of [leaf.chainPem, leaf.certificatePem]) {
      const identity = { kind: "x509", certificatePem, keyPem: leaf.privateKeyPem } as const;
      await registerDevice(optionsFor(service, transport, { identity }));
    }
    const presented = service.requests
      .filter(({ operation }) => operation === "register")
      .map((each) => each.presented);
    expect(presented).toEqual([2, 1]);
    expect(service.requests.every(({ token }) => token === undefined)).toBe(true);
  });

  it("refuses a key that is not the certificate's, and one that is not base64", async () => {
    await using service = await startScripted(inTurn({}));
    const [one, other] = await Promise.all(["a", "b"].map((commonName) => issueLeaf({ commonName })));
    const x509 = { kind: "x509", certificatePem: one?.chainPem ?? "", keyPem: other?.privateKeyPem ?? "" } as const;
    const symmetric = { kind: "symmetricKey", key: "no key" } as const;
    for (const identity of [x509, symmetric]) {
      await expect(registerDevice(optionsFor(service, transport, { identity }))).rejects.toThrow(InvalidIdentityError);
    }
  });
});

describe("a device that registers over mqtt", () => {
  it.each([
    [2, 400],
    [3, 503],
    [4, 401],
    [5, 401],
  ])("treats CONNACK %i as a refusal like %i", async (connack, status) => {
    await using service = await startScripted(inTurn({ connect: [{ connack }] }));
    const result = await registerDevice(optionsFor(service, "mqtt"));
    expect(result).toMatchObject({
      outcome: "refused",
      connack,
      status,
      message: expect.stringContaining(`CONNACK ${connack}: `),
    });
    await until(
      () => service.open.size,
      (open) => open === 0,
    );
  });

  it("reports a broker that closes the connection, or does not answer, at CONNECT", async () => {
    await using service = await startScripted(inTurn({ connect: ["hangUp", "silence"] }));
    expect(await registerDevice(optionsFor(service, "mqtt"))).toMatchObject({
      outcome: "unreachable",
      during: "connack",
    });
    expect(await registerDevice(optionsFor(service, "mqtt", { timeout: 600 }))).toMatchObject({
      outcome: "unreachable",
      during: "connack",
    });
    await until(
      () => service.open.size,
      (open) => open === 0,
    );
  });
});

describe("a device at its hub", () => {
  const visit = (service: ScriptedService) => ({
    assignedHub: "127.0.0.1",
    deviceId: "pump",
    identity: { kind: "symmetricKey", key } as const,
    port: service.ports.mqtt,
    ca: service.ca,
    timeout: 15_000,
    now,
  });
  const twin = { status: 200, body: { desired: { a: 1, $version: 3 }, reported: { $version: 1 } } };

  it("reads its twin, reports, and sends telemetry", async () => {
    await using service = await startScripted(
      inTurn({ twinGet: [twin], twinReported: [{ status: 204, body: "", query: "&$version=4" }] }),
    );
    const result = await connectToHub({ ...visit(service), reported: { b: 2 }, telemetry: [{ t: 1 }, { t: 2 }] });
    expect(result).toMatchObject({ outcome: "connected", twin: twin.body, reportedVersion: 4, telemetrySent: 2 });
    expect(Object.keys(result.phases)).toEqual(["hubConnect", "twin"]);
    expect(service.requests.map(({ operation, body }) => [operation, body])).toEqual([
      ["connect", ""],
      ["twinGet", " "],
      ["twinReported", '{"b":2}'],
      ["telemetry", '{"t":1}'],
      ["telemetry", '{"t":2}'],
    ]);
    expect(parseSas(service.requests[0]?.token ?? "")).toMatchObject({
      ok: true,
      token: { resource: "127.0.0.1%2Fdevices%2Fpump" },
    });
    await until(
      () => service.open.size,
      (open) => open === 0,
    );
  });

  it.each<[string, ScriptedAnswer, object]>([
    [
      "a refusal",
      { status: 429, body: { errorCode: 429001, message: "slow down" } },
      { outcome: "refused", status: 429, errorCode: 429001 },
    ],
    ["no twin", { status: 200, body: {} }, { outcome: "unreachable", during: "twin" }],
    ["a closed connection", "hangUp", { outcome: "unreachable", during: "twin" }],
  ])("reports a hub that answers with %s", async (_, answer, result) => {
    await using service = await startScripted(inTurn({ twinGet: [answer] }));
    expect(await connectToHub(visit(service))).toMatchObject(result);
    await until(
      () => service.open.size,
      (open) => open === 0,
    );
  });

  it("is refused by CONNACK", async () => {
    await using service = await startScripted(inTurn({ connect: [{ connack: 5 }] }));
    expect(await connectToHub(visit(service))).toMatchObject({ outcome: "refused", connack: 5 });
  });
});
