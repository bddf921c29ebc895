import { join } from "node:path";
import type { RollcallOptions } from "@rollcall/service";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../cli/run-cli.js";
import { connectToHub, hubConnack, hubTwin, putIndividual, register } from "./operating.js";
import { startService, type TestService } from "./service.js";
import { openMqtt } from "./sockets.js";
import { symmetricIndividual } from "./symmetric.js";

/**
 * Several linked hubs, each at its own address, and devices that are assigned to them (wire.md#allocation,
 * wire.md#reprovisioning).
 */

const key = Buffer.alloc(32, 51).toString("base64");
const h1 = "127.0.0.1";
const h2 = "127.0.0.2";
const h3 = "127.0.0.3";
const hubs = [
  { host: h1, weight: 3, latency: 20 },
  { host: h2, weight: 1, latency: 4 },
  { host: h3, weight: 1000, latency: 1, applyAllocationPolicy: false },
];
let service: TestService;

beforeAll(async () => {
  service = await startService({ hubs });
});

afterAll(async () => {
  await service.rollcall.stop();
});

const device = (registrationId: string) => ({ registrationId, key });
const stateOf = async (at: TestService, id: string) => (await register(at, device(id))).body.registrationState;
const twin = (place: string) => ({ properties: { desired: { place } } });

describe("devices at several hubs", () => {
  it("hashed: are distributed by weight, stay at their hub, and are unknown at the others", async () => {
    const ids = Array.from({ length: 60 }, (_, n) => `hashed-${n}`);
    for (const id of ids) await putIndividual(service, { ...symmetricIndividual(id, key), allocationPolicy: "hashed" });
    const homes = new Map<string, string>();
    for (const id of ids) homes.set(id, (await stateOf(service, id)).assignedHub);
    const atH1 = [...homes.values()].filter((host) => host === h1).length;
    expect(new Set(homes.values())).toEqual(new Set([h1, h2]));
    // 45 expected; the hash is fixed, so this cannot change from run to run.
    expect(atH1).toBeGreaterThan(33);
    for (const id of ids.slice(0, 8)) {
      const home = homes.get(id) ?? "";
      expect(await stateOf(service, id)).toMatchObject({ assignedHub: home });
      expect(await hubConnack(service, { hub: home, deviceId: id, key })).toBe(0);
      const other = home === h1 ? h2 : h1;
      expect(await hubConnack(service, { hub: other, deviceId: id, key })).toBe(5);
      expect((await service.attempt(id))?.findings[0]).toMatchObject({ code: "hub.unknownDevice" });
    }
  });

  it("geoLatency: go to the nearest hub in allocation, or of the enrollment's list", async () => {
    const near = { ...symmetricIndividual("near", key), allocationPolicy: "geoLatency" as const };
    await putIndividual(service, near);
    expect(await stateOf(service, "near")).toMatchObject({ assignedHub: h2, substatus: "initialAssignment" });
    await putIndividual(service, { ...near, iotHubs: [h1, h2, h3] });
    expect(await stateOf(service, "near")).toMatchObject({ assignedHub: h3, substatus: "deviceDataMigrated" });
    expect(await hubConnack(service, { hub: h2, deviceId: "near", key })).toBe(5);
    expect(await hubConnack(service, { hub: h3, deviceId: "near", key })).toBe(0);
  });

  it("static: move with their twin, start with the initial twin, or stay, as the policy says", async () => {
    const policies = {
      migrate: { updateHubAssignment: true, migrateDeviceData: true },
      reset: { updateHubAssignment: true, migrateDeviceData: false },
      never: { updateHubAssignment: false, migrateDeviceData: true },
    };
    const expected = {
      migrate: { hub: h2, substatus: "deviceDataMigrated", place: "first" },
      reset: { hub: h2, substatus: "deviceDataReset", place: "second" },
      never: { hub: h1, substatus: "reprovisionedToInitialAssignment", place: "first" },
    };
    for (const name of ["migrate", "reset", "never"] as const) {
      const at = (host: string, place: string) =>
        putIndividual(service, {
          ...symmetricIndividual(name, key),
          ...{
            allocationPolicy: "static",
            iotHubs: [host],
            initialTwin: twin(place),
            reprovisionPolicy: policies[name],
          },
        });
      await at(h1, "first");
      expect(await stateOf(service, name)).toMatchObject({ assignedHub: h1, substatus: "initialAssignment" });
      await at(h2, "second");
      const { hub, substatus, place } = expected[name];
      expect(await stateOf(service, name)).toMatchObject({ assignedHub: hub, substatus });
      expect(await hubTwin(service, { hub, deviceId: name, key })).toMatchObject({ desired: { place } });
      const left = hub === h1 ? h2 : h1;
      expect(await hubConnack(service, { hub: left, deviceId: name, key })).toBe(5);
    }
    await stateOf(service, "never");
    const [first] = (await service.attempt("never"))?.findings ?? [];
    expect(first).toMatchObject({ code: "reprovision.hubKept", cause: 23, expected: h2, got: h1 });
  });
});

describe("a device that is connected to its hub", () => {
  const closedBy = (id: string) =>
    service.rollcall.attempts.recent(50).find(({ at, registrationId }) => at === "hub" && registrationId === id);

  it("is disconnected when its registration moves it, before it gets the new hub, and returns later", async () => {
    const enrolled = (host: string) =>
      putIndividual(service, { ...symmetricIndividual("rover", key), allocationPolicy: "static", iotHubs: [host] });
    for (const [from, to] of [
      [h1, h2],
      [h2, h1],
    ] as const) {
      await enrolled(from);
      expect(await stateOf(service, "rover")).toMatchObject({ assignedHub: from });
      await using old = await openMqtt({ ...service.mqtt, host: from });
      expect(await connectToHub(old, { hub: from, deviceId: "rover", key })).toBe(0);
      expect(await stateOf(service, "rover")).toMatchObject({ substatus: "reprovisionedToInitialAssignment" });
      expect(old.isClosed).toBe(false);
      await enrolled(to);
      expect(await stateOf(service, "rover")).toMatchObject({ assignedHub: to, substatus: "deviceDataMigrated" });
      await old.closed;
      expect(closedBy("rover")?.findings.map((each) => each.code)).toEqual(["hub.connectionClosed"]);
      expect(await hubConnack(service, { hub: to, deviceId: "rover", key })).toBe(0);
      expect(await hubConnack(service, { hub: from, deviceId: "rover", key })).toBe(5);
      expect((await service.attempt("rover"))?.findings[0]).toMatchObject({ code: "hub.unknownDevice" });
    }
  });

  it("is disconnected when another device gets its id at the hub", async () => {
    const heir = Buffer.alloc(32, 52).toString("base64");
    const named = (id: string, own: string) =>
      putIndividual(service, {
        ...symmetricIndividual(id, own),
        ...{ deviceId: "seat", allocationPolicy: "static", iotHubs: [h1] },
      });
    await named("first-owner", key);
    await register(service, device("first-owner"));
    await using first = await openMqtt({ ...service.mqtt, host: h1 });
    expect(await connectToHub(first, { hub: h1, deviceId: "seat", key })).toBe(0);
    await service.rollcall.store.removeIndividual("first-owner");
    await named("second-owner", heir);
    const { body } = await register(service, { registrationId: "second-owner", key: heir });
    expect(body.registrationState).toMatchObject({ status: "assigned", deviceId: "seat" });
    await first.closed;
    expect(await hubConnack(service, { hub: h1, deviceId: "seat", key: heir })).toBe(0);
  });
});

describe("a service that starts again with other hubs", () => {
  /** Starts a service with these devices at h2, and starts it again in the same location with other hubs. */
  async function restarted(
    devices: readonly { id: string; updateHubAssignment: boolean }[],
    changed: RollcallOptions["hubs"],
  ): Promise<AsyncDisposable & { readonly after: TestService }> {
    const folder = await temporaryFolder();
    const location = join(folder.path, "state");
    const before = await startService({ hubs, location });
    for (const { id, updateHubAssignment } of devices) {
      await putIndividual(before, {
        ...symmetricIndividual(id, key),
        allocationPolicy: "geoLatency",
        reprovisionPolicy: { updateHubAssignment, migrateDeviceData: true },
        initialTwin: twin("h2"),
      });
      expect(await stateOf(before, id)).toMatchObject({ assignedHub: h2 });
    }
    await before.rollcall.stop();
    const after = await startService({ hubs: changed, location });
    return {
      after,
      async [Symbol.asyncDispose]() {
        await after.rollcall.stop();
        await folder[Symbol.asyncDispose]();
      },
    };
  }

  const devices = [
    { id: "moves", updateHubAssignment: true },
    { id: "never", updateHubAssignment: false },
  ];

  it("one is unlinked: its devices are refused there, and assigned to another hub, even with the policy never", async () => {
    await using changed = await restarted(
      devices,
      hubs.filter(({ host }) => host !== h2),
    );
    const { after } = changed;
    for (const { id } of devices) {
      // Its address is no longer served, so the test connects at another address.
      await using client = await openMqtt(after.mqtt);
      expect(await connectToHub(client, { hub: h2, deviceId: id, key })).toBe(5);
      expect((await after.attempt(id))?.findings[0]).toMatchObject({ code: "hub.otherHub", got: h2 });
      expect(await stateOf(after, id)).toMatchObject({ assignedHub: h1, substatus: "deviceDataMigrated" });
      expect(await hubTwin(after, { hub: h1, deviceId: id, key })).toMatchObject({ desired: { place: "h2" } });
      expect(await after.rollcall.store.deviceIdentity(h2, id)).toBeUndefined();
    }
  });

  it("one leaves allocation: its devices continue, and move when they register, unless the policy is never", async () => {
    const out = hubs.map((each) => (each.host === h2 ? { ...each, applyAllocationPolicy: false } : each));
    await using changed = await restarted(devices, out);
    const { after } = changed;
    for (const { id } of devices) expect(await hubConnack(after, { hub: h2, deviceId: id, key })).toBe(0);
    expect(await stateOf(after, "moves")).toMatchObject({ assignedHub: h1, substatus: "deviceDataMigrated" });
    expect(await stateOf(after, "never")).toMatchObject({ assignedHub: h2 });
    expect((await after.attempt("never"))?.findings[0]).toMatchObject({ code: "reprovision.hubKept", expected: h1 });
  });

  it("one is added: hashed moves only devices that the new hub gets", async () => {
    const folder = await temporaryFolder();
    const location = join(folder.path, "state");
    const ids = Array.from({ length: 30 }, (_, n) => `spread-${n}`);
    const two = [{ host: h1 }, { host: h2 }];
    const homes = new Map<string, string>();
    {
      await using before = await startService({ hubs: two, location });
      for (const id of ids) {
        await putIndividual(before, symmetricIndividual(id, key));
        homes.set(id, (await stateOf(before, id)).assignedHub);
      }
    }
    {
      await using after = await startService({ hubs: [...two, { host: h3 }], location });
      for (const id of ids) {
        const { assignedHub, substatus } = await stateOf(after, id);
        const stays = assignedHub === homes.get(id);
        expect(stays || assignedHub === h3).toBe(true);
        expect(substatus).toBe(stays ? "reprovisionedToInitialAssignment" : "deviceDataMigrated");
        homes.set(id, assignedHub);
      }
    }
    expect(new Set(homes.values())).toEqual(new Set([h1, h2, h3]));
    await folder[Symbol.asyncDispose]();
  });
});

describe("when there is nothing to allocate", () => {
  it.each([
    ["no hub of the list is linked", { iotHubs: ["gone.test"] }, "hub.notLinked", /^gone\.test$/, /127\.0\.0\.1/],
    ["static names no hub", { allocationPolicy: "static" }, "allocation.staticNeedsOneHub", /^none$/, /^one hub$/],
    [
      "static names two hubs",
      { allocationPolicy: "static", iotHubs: [h1, h2] },
      "allocation.staticNeedsOneHub",
      /2$/,
      /one/,
    ],
  ] as const)("%s: failed with 401001, and the device is innocent", async (name, fields, code, got, expected) => {
    const id = `nothing-${name.length}`;
    const { iotHubs, ...rest } = { iotHubs: undefined, ...fields };
    await putIndividual(service, {
      ...symmetricIndividual(id, key),
      ...rest,
      ...(iotHubs && { iotHubs: [...iotHubs] }),
    });
    expect(await stateOf(service, id)).toMatchObject({
      status: "failed",
      errorCode: 401001,
      errorMessage: "IoTHub not found.",
    });
    const [first] = (await service.attempt(id))?.findings ?? [];
    expect(first).toMatchObject({
      code,
      cause: 13,
      blame: "enrollment",
      title: expect.stringMatching(/^Your device is fine/),
    });
    expect(first?.got).toMatch(got);
    expect(first?.expected).toMatch(expected);
  });

  it("all hubs are out of allocation", async () => {
    await using none = await startService({ hubs: hubs.map((each) => ({ ...each, applyAllocationPolicy: false })) });
    await putIndividual(none, symmetricIndividual("homeless", key));
    expect(await stateOf(none, "homeless")).toMatchObject({
      status: "failed",
      errorCode: 401001,
      errorMessage: "IoTHub not found.",
    });
    expect((await none.attempt("homeless"))?.findings[0]).toMatchObject({
      code: "hub.noneLinked",
      cause: 13,
      got: expect.stringMatching(/taken out of allocation$/),
    });
  });
});

describe("the policy of the whole service", () => {
  it.each([
    ["geoLatency", { status: "assigned", assignedHub: h2 }],
    ["static", { status: "failed", errorCode: 401001, errorMessage: "IoTHub not found." }],
  ] as const)("%s applies to enrollments without a policy", async (allocationPolicy, expected) => {
    await using own = await startService({ hubs, allocationPolicy });
    await putIndividual(own, symmetricIndividual("plain", key));
    expect(await stateOf(own, "plain")).toMatchObject(expected);
    await putIndividual(own, { ...symmetricIndividual("named", key), allocationPolicy: "static", iotHubs: [h3] });
    expect(await stateOf(own, "named")).toMatchObject({ assignedHub: h3 });
  });
});
