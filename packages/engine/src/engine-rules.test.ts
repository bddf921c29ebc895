import type { LinkedHub, RegistrationOperationStatus } from "@rollcall/protocol";
import { describe, expect, it } from "vitest";
import { engineRig, sas } from "./testing/rig.js";

const KEY = Buffer.alloc(32, 1);
const attestation = {
  type: "symmetricKey" as const,
  symmetricKey: { primaryKey: KEY.toString("base64"), secondaryKey: KEY.toString("base64") },
};
const hub = (host: string, over: Partial<LinkedHub> = {}): LinkedHub => ({
  host,
  weight: 1,
  applyAllocationPolicy: true,
  ...over,
});
type Rig = Awaited<ReturnType<typeof engineRig>>;

async function registered(rig: Rig, id: string, apiVersion = "2019-03-31") {
  const asked = rig.request(id, { credentials: sas(KEY, id), apiVersion });
  const accepted = await rig.engine.register({ ...asked, body: rig.body() });
  const { operationId } = accepted.body as RegistrationOperationStatus;
  const reply = await rig.engine.operationStatus({ ...asked, operationId });
  return {
    accepted,
    reply,
    state: (reply.body as RegistrationOperationStatus).registrationState,
    attempt: asked.attempt,
    asked,
    operationId,
  };
}

describe("allocation", () => {
  it("static without a hub ends in failed", async () => {
    const rig = await engineRig({ enrollments: [{ registrationId: "a", attestation, allocationPolicy: "static" }] });
    const { accepted, reply, state, attempt } = await registered(rig, "a");
    expect(accepted.status).toBe(202);
    expect(reply).toMatchObject({ status: 200, body: { status: "failed" } });
    expect(state).toMatchObject({
      status: "failed",
      errorCode: 401001,
      errorMessage: "IoTHub not found.",
    });
    expect(attempt.findings[0]?.title).toContain("static");
    expect(attempt.findings[0]).toMatchObject({ code: "allocation.staticNeedsOneHub", blame: "enrollment" });
  });

  it.each([
    ["static", { allocationPolicy: "static" as const, iotHubs: ["h2.test"] }],
    ["the hub of the 2017 form", { iotHubHostName: "h2.test" }],
    ["a list of one hub", { iotHubs: ["H2.TEST"] }],
    ["geoLatency", { allocationPolicy: "geoLatency" as const }],
  ])("by %s goes to the named or nearest hub", async (_, fields) => {
    const hubs = [hub("h1.test", { latency: 9 }), hub("h2.test", { latency: 1 })];
    const rig = await engineRig({ hubs, enrollments: [{ registrationId: "a", attestation, ...fields }] });
    expect((await registered(rig, "a")).state?.assignedHub).toBe("h2.test");
  });

  it("hashed is stable, follows the weights, and leaves out hubs with applyAllocationPolicy false", async () => {
    const hubs = [hub("h1.test", { weight: 3 }), hub("h2.test"), hub("h3.test", { applyAllocationPolicy: false })];
    const ids = Array.from({ length: 400 }, (_, n) => `d${n}`);
    const rig = await engineRig({ hubs, enrollments: ids.map((registrationId) => ({ registrationId, attestation })) });
    const counts = new Map<string, number>();
    for (const id of ids) {
      const host = (await registered(rig, id)).state?.assignedHub ?? "";
      expect((await registered(rig, id)).state?.assignedHub).toBe(host);
      counts.set(host, (counts.get(host) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual(["h1.test", "h2.test"]);
    // 300 expected; five standard deviations are 43.
    expect(Math.abs((counts.get("h1.test") ?? 0) - 300)).toBeLessThan(44);
  });

  it("to a hub that is not linked fails with a finding that says that the device is fine", async () => {
    const rig = await engineRig({ enrollments: [{ registrationId: "a", attestation, iotHubs: ["gone.test"] }] });
    const { attempt, state } = await registered(rig, "a");
    expect(state?.status).toBe("failed");
    expect(attempt.findings[0]?.title).toMatch(/^Your device is fine/);
  });
});

describe("registering again after the hubs changed", () => {
  const cases = [
    {
      policy: undefined,
      apiVersion: "2019-03-31",
      hub: "h2.test",
      substatus: "deviceDataMigrated",
      reported: { seen: 1 },
    },
    {
      policy: { updateHubAssignment: true, migrateDeviceData: false },
      apiVersion: "2019-03-31",
      hub: "h2.test",
      substatus: "deviceDataReset",
      reported: {},
    },
    {
      policy: { updateHubAssignment: false, migrateDeviceData: false },
      apiVersion: "2019-03-31",
      hub: "h1.test",
      substatus: "reprovisionedToInitialAssignment",
      reported: { seen: 1 },
    },
    {
      policy: undefined,
      apiVersion: "2018-04-01",
      hub: "h1.test",
      substatus: "reprovisionedToInitialAssignment",
      reported: { seen: 1 },
    },
  ];
  it.each(cases)(
    "with $policy at $apiVersion: $substatus",
    async ({ policy, apiVersion, hub: expected, substatus, reported }) => {
      const rig = await engineRig({ hubs: [hub("h1.test"), hub("h2.test")] });
      const enrollment = { registrationId: "a", attestation, ...(policy && { reprovisionPolicy: policy }) };
      await rig.load({ enrollments: [{ ...enrollment, allocationPolicy: "static", iotHubs: ["h1.test"] }] });
      await registered(rig, "a", apiVersion);
      const twin = await rig.store.twin("h1.test", "a");
      if (!twin) throw new Error("no twin");
      await rig.store.updateTwin({ ...twin, reported: { seen: 1 }, etag: "x" }, twin.etag);
      await rig.load({ enrollments: [{ ...enrollment, allocationPolicy: "static", iotHubs: ["h2.test"] }] });
      const { state } = await registered(rig, "a", apiVersion);
      expect(state).toMatchObject({ assignedHub: expected, substatus });
      expect((await rig.store.twin(expected, "a"))?.reported).toEqual(reported);
      const other = expected === "h1.test" ? "h2.test" : "h1.test";
      expect(await rig.store.deviceIdentity(other, "a")).toBeUndefined();
    },
  );
});

describe("operations", () => {
  it("are ready when the clock is set back before their beginning, so that the device does not have to wait", async () => {
    const rig = await engineRig({
      engine: { assigningForMs: 5000 },
      enrollments: [{ registrationId: "a", attestation }],
    });
    const { asked, operationId } = await registered(rig, "a");
    const poll = async () => (await rig.engine.operationStatus({ ...asked, operationId })).status;
    rig.clock.now -= 1000;
    expect(await poll()).toBe(202);
    rig.clock.now -= 3_600_000;
    expect(await poll()).toBe(200);
  });

  it("are assigning until they are ready, then assigned, and forgotten after an hour", async () => {
    const rig = await engineRig({
      engine: { assigningForMs: 5000 },
      enrollments: [{ registrationId: "a", attestation }],
    });
    const { reply, asked, operationId } = await registered(rig, "a");
    expect(reply).toMatchObject({
      status: 202,
      retryAfter: 3,
      body: { status: "assigning", registrationState: { registrationId: "a", status: "assigning" } },
    });
    rig.clock.now += 5000;
    expect(await rig.engine.operationStatus({ ...asked, operationId })).toMatchObject({
      status: 200,
      body: { status: "assigned" },
    });
    rig.clock.now += 3_600_000;
    expect(await rig.engine.operationStatus({ ...asked, operationId })).toMatchObject({ status: 404 });
  });

  it("are not shown to a different device, and a stranger is refused", async () => {
    const rig = await engineRig({
      enrollments: [
        { registrationId: "a", attestation },
        { registrationId: "b", attestation },
      ],
    });
    const { operationId } = await registered(rig, "a");
    const other = rig.request("b", { credentials: sas(KEY, "b") });
    expect(await rig.engine.operationStatus({ ...other, operationId })).toMatchObject({ status: 404 });
    const stranger = rig.request("a", { credentials: sas(Buffer.alloc(32, 8), "a") });
    expect(await rig.engine.operationStatus({ ...stranger, operationId })).toMatchObject({ status: 401 });
    const silent = rig.request("a");
    expect(await rig.engine.operationStatus({ ...silent, operationId })).toMatchObject({ status: 401 });
  });

  it("of an earlier registration can still be polled", async () => {
    const rig = await engineRig({ enrollments: [{ registrationId: "a", attestation }] });
    const first = await registered(rig, "a");
    await registered(rig, "a");
    expect(await rig.engine.operationStatus({ ...first.asked, operationId: first.operationId })).toMatchObject({
      status: 200,
    });
  });
});

describe("requests that are refused before any look-up", () => {
  const token = sas(KEY, "a");
  it.each([
    [
      "a wrong ID scope",
      { idScope: "0ne0000FFFF", credentials: sas(KEY, "a", { resource: "0ne0000FFFF/registrations/a" }) },
      "{}",
      401,
      "idScope.mismatch",
    ],
    ["no api-version", { apiVersion: undefined, credentials: token }, "{}", 400, "protocol.apiVersionMissing"],
    ["a malformed api-version", { apiVersion: "v1", credentials: token }, "{}", 400, "protocol.apiVersionMalformed"],
    ["a body that is not JSON", { credentials: token }, "{", 400, "protocol.bodyMalformed"],
    ["a body with a different id", { credentials: token }, '{"registrationId":"b"}', 400, "protocol.bodyIdMismatch"],
    ["a csr", { credentials: token }, '{"csr":"AA=="}', 400, "protocol.csrNeedsPreview"],
    ["a body of 97 KB", { credentials: token }, `"${"x".repeat(98_400)}"`, 413, "protocol.payloadTooLarge"],
  ])("%s", async (_, over, text, status, code) => {
    const rig = await engineRig({ enrollments: [{ registrationId: "a", attestation }] });
    const asked = rig.request("a", over);
    expect(await rig.engine.register({ ...asked, body: Buffer.from(text) })).toMatchObject({ status });
    expect(asked.attempt.findings[0]?.code).toBe(code);
  });

  it("an illegal id: the finding names the character", async () => {
    const rig = await engineRig();
    const asked = rig.request("dev*7", { credentials: sas(KEY, "dev*7") });
    expect(await rig.engine.register({ ...asked, body: rig.body() })).toMatchObject({
      status: 400,
      body: { errorCode: 400004, message: "Invalid RegistrationId" },
    });
    expect(asked.attempt.findings[0]?.title).toContain('character 4 ("*")');
  });

  it("a newer api-version is accepted with one warning", async () => {
    const rig = await engineRig({ enrollments: [{ registrationId: "a", attestation }] });
    const asked = rig.request("a", { apiVersion: "2031-01-01", credentials: token });
    expect(await rig.engine.register({ ...asked, body: rig.body() })).toMatchObject({ status: 202 });
    expect(asked.attempt.findings.map((each) => each.code)).toEqual(["protocol.apiVersionNewer"]);
  });

  it("a newer api-version is refused with knownVersionsOnly, and a known version is served", async () => {
    const rig = await engineRig({
      engine: { knownVersionsOnly: true },
      enrollments: [{ registrationId: "a", attestation }],
    });
    const newer = rig.request("a", { apiVersion: "2031-01-01", credentials: token });
    expect(await rig.engine.register({ ...newer, body: rig.body() })).toMatchObject({ status: 400 });
    expect(newer.attempt.findings[0]).toMatchObject({
      code: "protocol.apiVersionUnknown",
      blame: "protocol",
      expected: "at most 2026-11-02-preview",
      got: "2031-01-01",
      remedy: "Send api-version=2019-03-31, or set apiVersions: accept-newer in rollcall.yaml.",
    });
    const newest = rig.request("a", { apiVersion: "2026-11-02-preview", credentials: token });
    expect(await rig.engine.register({ ...newest, body: rig.body() })).toMatchObject({ status: 202 });
    expect(newest.attempt.findings).toEqual([]);
  });

  it("over the limit of the minute: 429 with the remaining seconds", async () => {
    const rig = await engineRig({
      engine: { registrationsPerMinute: 2 },
      enrollments: [{ registrationId: "a", attestation }],
    });
    rig.clock.now += 18_500;
    const statuses = [];
    for (let n = 0; n < 3; n++)
      statuses.push(await rig.engine.register({ ...rig.request("a", { credentials: token }), body: rig.body() }));
    expect(statuses.map((reply) => reply.status)).toEqual([202, 202, 429]);
    expect(statuses[2]).toMatchObject({ retryAfter: 42, body: { errorCode: 429001 } });
    rig.clock.now += 42_000;
    expect(await rig.engine.register({ ...rig.request("a", { credentials: token }), body: rig.body() })).toMatchObject({
      status: 202,
    });
  });
});

describe("an expired operation", () => {
  it("fails that poll, but no other request of the same attempt", async () => {
    const rig = await engineRig({ enrollments: [{ registrationId: "a", attestation }] });
    const asked = rig.request("a", { credentials: sas(KEY, "a") });
    const stale = () => rig.engine.operationStatus({ ...asked, operationId: "4.gone" });
    expect(await stale()).toMatchObject({ status: 404, body: { errorCode: 404203 } });
    const accepted = await rig.engine.register({ ...asked, body: rig.body() });
    expect(accepted).toMatchObject({ status: 202 });
    expect(await stale()).toMatchObject({ status: 404 });
    const { operationId } = accepted.body as RegistrationOperationStatus;
    expect(await rig.engine.operationStatus({ ...asked, operationId })).toMatchObject({ status: 200 });
    expect(asked.attempt.outcome).toBe("assigned");
  });
});

describe("internal errors", () => {
  it("are answered to a device without details", async () => {
    const rig = await engineRig({ enrollments: [{ registrationId: "a", attestation }] });
    const store = Object.create(rig.store, {
      individualEnrollment: { value: async () => Promise.reject(new Error("secret path")) },
    });
    const broken = await engineRig({ engine: { store } });
    const asked = broken.request("a", { credentials: sas(KEY, "a") });
    const reply = await broken.engine.register({ ...asked, body: broken.body() });
    expect(reply).toMatchObject({ status: 500, retryAfter: 3, body: { message: "internal error" } });
    expect(JSON.stringify([reply, asked.attempt.record()])).not.toContain("secret path");
    expect(broken.failures).toHaveLength(1);
    expect(await broken.engine.admit(broken.request("a", { credentials: sas(KEY, "a") }))).toMatchObject({
      kind: "refused",
      reason: "unavailable",
    });
  });
});

describe("two enrollments that claim one device id", () => {
  const seed = [
    { registrationId: "owner", deviceId: "shared", attestation },
    { registrationId: "shared", attestation },
  ];

  it("the second fails, and the first keeps its device", async () => {
    const rig = await engineRig({ enrollments: seed });
    await registered(rig, "owner");
    const { state, attempt } = await registered(rig, "shared");
    expect(state).toMatchObject({ status: "failed", errorCode: 400209 });
    expect(JSON.stringify(state)).not.toContain("owner");
    expect(attempt.findings[0]).toMatchObject({ code: "hub.deviceIdTaken", got: "taken by owner" });
    expect((await rig.store.deviceIdentity("127.0.0.1", "shared"))?.registrationId).toBe("owner");
  });

  it("the second gets it after the first has moved to a different hub", async () => {
    const rig = await engineRig({ enrollments: seed });
    await registered(rig, "owner");
    await rig.load({ enrollments: [{ registrationId: "owner", deviceId: "own", attestation }] });
    await registered(rig, "owner");
    expect((await registered(rig, "shared")).state).toMatchObject({ status: "assigned", deviceId: "shared" });
    await registered(rig, "owner");
    expect((await rig.store.deviceIdentity("127.0.0.1", "shared"))?.registrationId).toBe("shared");
    expect((await rig.store.deviceIdentity("127.0.0.1", "own"))?.registrationId).toBe("owner");
  });
});
