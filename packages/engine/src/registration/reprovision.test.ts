import type { IndividualEnrollmentInput, LinkedHub, RegistrationOperationStatus } from "@rollcall/protocol";
import { describe, expect, it } from "vitest";
import { derivedKey, engineRig, sas } from "../testing/rig.js";

/** Registering again (wire.md#reprovisioning): the effect on hub, twin, capabilities and device id. */

const KEY = Buffer.alloc(32, 1);
const attestation = {
  type: "symmetricKey" as const,
  symmetricKey: { primaryKey: KEY.toString("base64"), secondaryKey: KEY.toString("base64") },
};
const hub = (host: string): LinkedHub => ({ host, weight: 1, applyAllocationPolicy: true });
const hubs = [hub("h1.test"), hub("h2.test"), hub("h3.test")];

const policies = {
  unsaid: undefined,
  migrate: { updateHubAssignment: true, migrateDeviceData: true },
  reset: { updateHubAssignment: true, migrateDeviceData: false },
  never: { updateHubAssignment: false, migrateDeviceData: true },
  "never, data aside": { updateHubAssignment: false, migrateDeviceData: false },
} as const;
type Policy = keyof typeof policies;

type Fields = Partial<IndividualEnrollmentInput>;
const initialTwin = { tags: { site: "north" }, properties: { desired: { interval: 5 } } };

/** A device that is registered at h1, and has changed its twin since. */
async function settled(policy: Policy, fields: Fields = {}) {
  const rig = await engineRig({ hubs });
  const enroll = async (more: Fields) => {
    const base = { registrationId: "a", attestation, initialTwin, reprovisionPolicy: policies[policy], ...fields };
    await rig.load({ enrollments: [{ ...base, ...more }] });
  };
  const register = async (apiVersion = "2019-03-31") => {
    const request = rig.request("a", { credentials: sas(KEY, "a"), apiVersion });
    const { body } = await rig.engine.register({ ...request, body: rig.body() });
    const { operationId } = body as RegistrationOperationStatus;
    const reply = await rig.engine.operationStatus({ ...request, operationId });
    return { ...(reply.body as RegistrationOperationStatus).registrationState, findings: request.attempt.findings };
  };
  const at = (host: string) => enroll({ allocationPolicy: "static", iotHubs: [host] });
  await at("h1.test");
  const deviceId = fields.deviceId ?? "a";
  expect(await register()).toMatchObject({ assignedHub: "h1.test", deviceId, substatus: "initialAssignment" });
  const twin = await rig.store.twin("h1.test", deviceId);
  if (!twin) throw new Error("no twin");
  const lived = { ...twin, desired: { interval: 9 }, desiredVersion: 4, reported: { seen: 1 }, reportedVersion: 7 };
  await rig.store.updateTwin({ ...lived, etag: "lived" }, twin.etag);
  return { ...rig, enroll, register, at, lived };
}

describe("when allocation chooses a different hub", () => {
  it.each([
    { policy: "unsaid", apiVersion: "2019-03-31", moves: "migrated" },
    { policy: "unsaid", apiVersion: "2018-09-01-preview", moves: "migrated" },
    { policy: "unsaid", apiVersion: "2018-04-01", moves: "stays" },
    { policy: "unsaid", apiVersion: "2017-11-15", moves: "stays" },
    { policy: "migrate", apiVersion: "2018-04-01", moves: "migrated" },
    { policy: "migrate", apiVersion: "2021-06-01", moves: "migrated" },
    { policy: "reset", apiVersion: "2018-04-01", moves: "reset" },
    { policy: "reset", apiVersion: "2019-03-31", moves: "reset" },
    { policy: "never", apiVersion: "2019-03-31", moves: "stays" },
    { policy: "never, data aside", apiVersion: "2021-10-01", moves: "stays" },
  ] as const)("policy $policy at $apiVersion: the device $moves", async ({ policy, apiVersion, moves }) => {
    const { at, register, store, lived } = await settled(policy);
    await at("h2.test");
    const state = await register(apiVersion);
    const [here, there] = moves === "stays" ? ["h1.test", "h2.test"] : ["h2.test", "h1.test"];
    const substatus = {
      migrated: "deviceDataMigrated",
      reset: "deviceDataReset",
      stays: "reprovisionedToInitialAssignment",
    }[moves];
    expect(state).toMatchObject({ assignedHub: here, deviceId: "a", substatus });
    const twin = await store.twin(here, "a");
    if (moves === "reset") {
      expect(twin).toMatchObject({ tags: { site: "north" }, desired: { interval: 5 }, desiredVersion: 1 });
      expect(twin).toMatchObject({ reported: {}, reportedVersion: 1 });
    } else {
      const { etag: _, ...rest } = { ...lived, hub: here };
      expect(twin).toMatchObject(rest);
    }
    expect(await store.deviceIdentity(here, "a")).toMatchObject({ registrationId: "a", status: "enabled" });
    expect(await store.deviceIdentity(there, "a")).toBeUndefined();
    expect(await store.twin(there, "a")).toBeUndefined();
    expect(state.findings.map((each) => each.code)).toEqual(moves === "stays" ? ["reprovision.hubKept"] : []);
  });

  it("says under never which hub is kept, since when, and which hub allocation would choose", async () => {
    const { at, register, clock } = await settled("never");
    clock.now += 1_800_000;
    await at("h2.test");
    const { findings } = await register();
    expect(findings).toMatchObject([
      { cause: 23, severity: "warning", blame: "enrollment", expected: "h2.test", got: "h1.test" },
    ]);
    expect(findings[0]?.title).toMatch(
      /^The enrollment never reprovisions, so the device keeps the hub it got on 2026-11-23T00:00:00\.000Z/,
    );
    const old = await settled("unsaid");
    await old.at("h2.test");
    expect((await old.register("2018-04-01")).findings[0]?.title).toMatch(
      /^Clients of api-version 2018-04-01 do not know reprovisioning, so /,
    );
  });

  it("says nothing under never when allocation agrees, or cannot choose a hub", async () => {
    const { at, register, enroll } = await settled("never");
    await at("h1.test");
    expect((await register()).findings).toEqual([]);
    await enroll({ allocationPolicy: "static", iotHubs: [] });
    expect(await register()).toMatchObject({ assignedHub: "h1.test", findings: [] });
  });

  it("migrates capabilities with the data; without migration, uses those of the enrollment", async () => {
    for (const [policy, iotEdge] of [
      ["migrate", true],
      ["reset", false],
    ] as const) {
      const { register, store, enroll } = await settled(policy, { capabilities: { iotEdge: true } });
      await enroll({ allocationPolicy: "static", iotHubs: ["h2.test"], capabilities: { iotEdge: false } });
      await register();
      expect(await store.deviceIdentity("h2.test", "a")).toMatchObject({ iotEdge });
    }
  });

  it("a device that is disabled at its hub is disabled at the next hub, too, unless its data is reset", async () => {
    for (const [policy, status] of [
      ["migrate", "disabled"],
      ["reset", "enabled"],
    ] as const) {
      const { register, store, at } = await settled(policy);
      const identity = await store.deviceIdentity("h1.test", "a");
      if (!identity) throw new Error("no identity");
      await store.restore({ identities: [{ ...identity, status: "disabled" }] });
      await register();
      expect(await store.deviceIdentity("h1.test", "a")).toMatchObject({ status: "disabled" });
      await at("h2.test");
      await register();
      expect(await store.deviceIdentity("h2.test", "a")).toMatchObject({ status });
    }
  });

  it("moving back and forth: each move migrates", async () => {
    const { at, register } = await settled("migrate");
    for (const host of ["h2.test", "h3.test", "h1.test"]) {
      await at(host);
      expect(await register()).toMatchObject({ assignedHub: host, substatus: "deviceDataMigrated" });
      expect(await register()).toMatchObject({ assignedHub: host, substatus: "reprovisionedToInitialAssignment" });
    }
  });
});

describe("when the hub is no longer linked", () => {
  it.each(["migrate", "reset", "never", "never, data aside"] as const)(
    "policy %s: allocation again",
    async (policy) => {
      const { register, store, enroll, hubs: linked, lived } = await settled(policy);
      await enroll({ allocationPolicy: "hashed", iotHubs: ["h1.test", "h2.test"] });
      linked.list = hubs.slice(1);
      const migrates = policies[policy].migrateDeviceData;
      expect(await register()).toMatchObject({
        assignedHub: "h2.test",
        substatus: migrates ? "deviceDataMigrated" : "deviceDataReset",
        findings: [],
      });
      expect((await store.twin("h2.test", "a"))?.reported).toEqual(migrates ? lived.reported : {});
      expect(await store.deviceIdentity("h1.test", "a")).toBeUndefined();
    },
  );

  it("a hub with applyAllocationPolicy false keeps its devices under never, and loses them otherwise", async () => {
    for (const [policy, expected] of [
      ["never", "h1.test"],
      ["migrate", "h2.test"],
    ] as const) {
      const { register, enroll, hubs: linked } = await settled(policy);
      await enroll({ allocationPolicy: "hashed", iotHubs: [] });
      linked.list = [{ ...hub("h1.test"), applyAllocationPolicy: false }, hub("h2.test")];
      expect(await register()).toMatchObject({ assignedHub: expected });
    }
  });

  it("and no other hub is linked: failed, the device stays; and works again when the hub is linked again", async () => {
    const { register, store, hubs: linked } = await settled("migrate");
    linked.list = [];
    expect(await register()).toMatchObject({ status: "failed", errorCode: 401001, errorMessage: "IoTHub not found." });
    expect((await store.registration("a"))?.result).toMatchObject({ assignedHub: "h1.test", deviceId: "a" });
    expect(await store.twin("h1.test", "a")).toMatchObject({ reported: { seen: 1 } });
    linked.list = [hub("H1.TEST")];
    expect(await register()).toMatchObject({ status: "assigned", substatus: "reprovisionedToInitialAssignment" });
    expect(await store.twin("h1.test", "a")).toMatchObject({ reported: { seen: 1 } });
  });
});

describe("when the device was deleted at its hub", () => {
  it("it is created as a new device if the hub stays the same", async () => {
    for (const policy of ["migrate", "reset", "never"] as const) {
      const { register, store } = await settled(policy);
      expect(await store.removeDevice("h1.test", "a")).toBe(true);
      expect(await register()).toMatchObject({ assignedHub: "h1.test", substatus: "reprovisionedToInitialAssignment" });
      expect(await store.deviceIdentity("h1.test", "a")).toMatchObject({ registrationId: "a" });
      expect(await store.twin("h1.test", "a")).toMatchObject({ desired: { interval: 5 }, reported: {} });
    }
  });

  it("there is nothing to migrate", async () => {
    const { register, store, at } = await settled("migrate");
    await store.removeDevice("h1.test", "a");
    await at("h2.test");
    expect(await register()).toMatchObject({ assignedHub: "h2.test", substatus: "deviceDataReset" });
    expect(await store.twin("h2.test", "a")).toMatchObject({ desired: { interval: 5 }, reported: {} });
  });

  it("and a different device has its id there now, the new device keeps its data", async () => {
    const { register, store, at, load, engine, request, body } = await settled("migrate", { deviceId: "shared" });
    await store.removeDevice("h1.test", "shared");
    const thief = { registrationId: "b", deviceId: "shared", attestation, allocationPolicy: "static" as const };
    await load({ enrollments: [{ ...thief, iotHubs: ["h1.test"], initialTwin: { tags: { of: "b" } } }] });
    await engine.register({ ...request("b", { credentials: sas(KEY, "b") }), body: body() });
    await at("h2.test");
    expect(await register()).toMatchObject({ assignedHub: "h2.test", substatus: "deviceDataReset" });
    expect((await store.twin("h2.test", "shared"))?.tags).toEqual({ site: "north" });
    expect(await store.deviceIdentity("h1.test", "shared")).toMatchObject({ registrationId: "b" });
    expect((await store.twin("h1.test", "shared"))?.tags).toEqual({ of: "b" });
  });
});

describe("when an individual enrollment is given a different device id", () => {
  it.each([
    ["migrate", "h1.test", "deviceDataMigrated"],
    ["reset", "h1.test", "deviceDataReset"],
    ["never", "h1.test", "deviceDataMigrated"],
    ["migrate", "h2.test", "deviceDataMigrated"],
    ["never", "h2.test", "deviceDataMigrated"],
  ] as const)("policy %s, allocated to %s: %s", async (policy, host, substatus) => {
    const { register, store, enroll, lived } = await settled(policy);
    await enroll({ deviceId: "renamed", allocationPolicy: "static", iotHubs: [host] });
    const expected = policy === "never" ? "h1.test" : host;
    expect(await register()).toMatchObject({ assignedHub: expected, deviceId: "renamed", substatus });
    expect(await store.deviceIdentity("h1.test", "a")).toBeUndefined();
    expect(await store.twin("h1.test", "a")).toBeUndefined();
    const twin = await store.twin(expected, "renamed");
    expect(twin?.reported).toEqual(substatus === "deviceDataMigrated" ? lived.reported : {});
    expect(await register()).toMatchObject({ deviceId: "renamed", substatus: "reprovisionedToInitialAssignment" });
  });
});

describe("a device of a group", () => {
  it("moves with the group's hubs, and keeps its device id and data", async () => {
    const rig = await engineRig({ hubs });
    const groupKey = KEY.toString("base64");
    const at = (host: string) =>
      rig.load({ enrollmentGroups: [{ enrollmentGroupId: "g", attestation, iotHubs: [host] }] });
    const register = async (id: string) => {
      const request = rig.request(id, { credentials: sas(derivedKey(groupKey, id), id) });
      const { body } = await rig.engine.register({ ...request, body: rig.body() });
      const { operationId } = body as RegistrationOperationStatus;
      const reply = await rig.engine.operationStatus({ ...request, operationId });
      return (reply.body as RegistrationOperationStatus).registrationState;
    };
    await at("h1.test");
    expect(await register("Pump-1")).toMatchObject({ assignedHub: "h1.test", deviceId: "Pump-1" });
    await at("h2.test");
    expect(await register("pump-1")).toMatchObject({
      assignedHub: "h2.test",
      deviceId: "Pump-1",
      substatus: "deviceDataMigrated",
    });
    expect(await rig.store.deviceIdentity("h1.test", "Pump-1")).toBeUndefined();
  });
});

describe("when an operator changes the enrollment before the registration is saved", () => {
  /** A device's first registration, with an operator's change just before it is saved. */
  async function overtaken(
    change: (rig: Awaited<ReturnType<typeof engineRig>>) => Promise<unknown>,
    key: Buffer = KEY,
  ) {
    const symmetricKey = { primaryKey: key.toString("base64"), secondaryKey: key.toString("base64") };
    const rig = await engineRig({ hubs: [hub("h1.test")] });
    const { engine, store, load, request, body } = rig;
    await load({ enrollments: [{ registrationId: "a", attestation: { ...attestation, symmetricKey }, initialTwin }] });
    const save = store.saveAssignment.bind(store);
    store.saveAssignment = async (assignment) => {
      store.saveAssignment = save;
      await change(rig);
      return await save(assignment);
    };
    const asked = request("a", { credentials: sas(key, "a") });
    const reply = await engine.register({ ...asked, body: body() });
    const twin = await store.twin("h1.test", "a");
    return { reply, attempt: asked.attempt, registration: await store.registration("a"), twin };
  }
  type Rig = Parameters<Parameters<typeof overtaken>[0]>[0];
  const edit = (fields: Fields) => (rig: Rig) =>
    rig.load({ enrollments: [{ registrationId: "a", attestation, initialTwin, ...fields }] });
  const otherKey = Buffer.alloc(32, 2).toString("base64");
  const otherKeys = { type: "symmetricKey" as const, symmetricKey: { primaryKey: otherKey, secondaryKey: otherKey } };

  it.each([
    ["deleted", (rig: Rig) => rig.store.removeIndividual("a"), "deleted meanwhile"],
    ["disabled", edit({ provisioningStatus: "disabled" }), "disabled meanwhile"],
    ["given different keys", edit({ attestation: otherKeys }), undefined],
  ] as const)("an enrollment that is %s gets no first registration, device or twin", async (_what, change, got) => {
    const { reply, attempt, registration, twin } = await overtaken(change);
    expect(reply).toMatchObject({ status: 401, body: { errorCode: 401002 } });
    expect(attempt.outcome).toBe("refused");
    if (got !== undefined) expect(attempt.findings[0]).toMatchObject({ got });
    expect(registration).toBeUndefined();
    expect(twin).toBeUndefined();
  });

  it("an edited enrollment is used in its current state", async () => {
    const { reply, twin } = await overtaken(edit({ initialTwin: { properties: { desired: { interval: 6 } } } }));
    expect(reply.status).toBe(202);
    expect(twin?.desired).toEqual({ interval: 6 });
  });

  it("a device whose enrollment is deleted is accepted by a matching group", async () => {
    const groupKey = Buffer.alloc(32, 3).toString("base64");
    const symmetricKey = { primaryKey: groupKey, secondaryKey: groupKey };
    const enrollmentGroups = [
      { enrollmentGroupId: "line", attestation: { type: "symmetricKey" as const, symmetricKey }, initialTwin },
    ];
    const change = async ({ load, store }: Rig) => {
      await load({ enrollmentGroups });
      await store.removeIndividual("a");
    };
    const { reply, attempt, registration, twin } = await overtaken(change, derivedKey(groupKey, "a"));
    expect(reply.status).toBe(202);
    expect(attempt).toMatchObject({ findings: [], enrollment: { kind: "group", id: "line" } });
    expect(registration?.enrollment).toEqual({ kind: "group", id: "line" });
    expect(twin?.desired).toEqual(initialTwin.properties.desired);
  });

  it("a try that lost to another write leaves no finding", async () => {
    const { engine, store, load, request, body } = await settled("migrate", { deviceId: "shared" });
    const heir = { registrationId: "b", deviceId: "shared", attestation, allocationPolicy: "static" as const };
    await load({ enrollments: [{ ...heir, iotHubs: ["h1.test"] }] });
    const save = store.saveAssignment.bind(store);
    store.saveAssignment = async () => {
      store.saveAssignment = save;
      await store.removeRegistration("a");
      return false;
    };
    const asked = request("b", { credentials: sas(KEY, "b") });
    expect(await engine.register({ ...asked, body: body() })).toMatchObject({ status: 202 });
    expect(asked.attempt).toMatchObject({ findings: [], assignedHub: "h1.test", deviceId: "shared" });
    expect((await store.registration("b"))?.result).toMatchObject({ status: "assigned" });
  });
});
