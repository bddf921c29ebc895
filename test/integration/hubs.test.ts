import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hubConnack, hubTwin, putIndividual, register } from "./operating.js";
import { startService, type TestService } from "./service.js";
import { symmetricIndividual } from "./symmetric.js";

/** Several linked hubs, each at an address of its own, and devices that go where they are sent (sections 8.2 and 8.4). */

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
  it("hashed: are shared out by weight, stay where they are, and are known nowhere else", async () => {
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

  it("geoLatency: go to the nearest hub that takes part, or that they name", async () => {
    const near = { ...symmetricIndividual("near", key), allocationPolicy: "geoLatency" as const };
    await putIndividual(service, near);
    expect(await stateOf(service, "near")).toMatchObject({ assignedHub: h2, substatus: "initialAssignment" });
    await putIndividual(service, { ...near, iotHubs: [h1, h2, h3] });
    expect(await stateOf(service, "near")).toMatchObject({ assignedHub: h3, substatus: "deviceDataMigrated" });
    expect(await hubConnack(service, { hub: h2, deviceId: "near", key })).toBe(5);
    expect(await hubConnack(service, { hub: h3, deviceId: "near", key })).toBe(0);
  });

  it("static: move with what they carry, start anew, or stay, as the policy says", async () => {
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

describe("a service whose hubs have changed", () => {
  /** The same enrollments, registrations and devices at another service. */
  async function withHubs(changed: typeof hubs, ids: readonly string[]): Promise<TestService> {
    const { store } = service.rollcall;
    const next = await startService({ hubs: changed });
    const all = <T>(values: readonly (T | undefined)[]) => values.filter((each) => each !== undefined);
    const places = ids.flatMap((id) => [h1, h2].map((host) => ({ host, id })));
    await next.rollcall.store.restore({
      individuals: all(await Promise.all(ids.map((id) => store.individualEnrollment(id)))),
      registrations: all(await Promise.all(ids.map((id) => store.registration(id)))),
      identities: all(await Promise.all(places.map(({ host, id }) => store.deviceIdentity(host, id)))),
      twins: all(await Promise.all(places.map(({ host, id }) => store.twin(host, id)))),
    });
    return next;
  }

  const enroll = async (id: string, updateHubAssignment: boolean) => {
    await putIndividual(service, {
      ...symmetricIndividual(id, key),
      allocationPolicy: "geoLatency",
      reprovisionPolicy: { updateHubAssignment, migrateDeviceData: true },
      initialTwin: twin("h2"),
    });
    expect(await stateOf(service, id)).toMatchObject({ assignedHub: h2 });
  };

  it("unlinked: its devices are refused there, and sent to another, even under never", async () => {
    const ids = ["unlinked-moves", "unlinked-never"];
    await enroll("unlinked-moves", true);
    await enroll("unlinked-never", false);
    await using changed = await withHubs(
      hubs.filter(({ host }) => host !== h2),
      ids,
    );
    for (const id of ids) {
      // The address is gone with the hub: who still comes for it comes to another one.
      expect(await hubConnack({ ...changed, mqtt: changed.mqtt }, { hub: h1, deviceId: id, key })).toBe(5);
      expect(await stateOf(changed, id)).toMatchObject({ assignedHub: h1, substatus: "deviceDataMigrated" });
      expect(await hubTwin(changed, { hub: h1, deviceId: id, key })).toMatchObject({ desired: { place: "h2" } });
      expect(await changed.rollcall.store.deviceIdentity(h2, id)).toBeUndefined();
    }
  });

  it("taken out of allocation: its devices work on, and leave it when they register, unless under never", async () => {
    const ids = ["out-moves", "out-never"];
    await enroll("out-moves", true);
    await enroll("out-never", false);
    const out = hubs.map((each) => (each.host === h2 ? { ...each, applyAllocationPolicy: false } : each));
    await using changed = await withHubs(out, ids);
    for (const id of ids) expect(await hubConnack(changed, { hub: h2, deviceId: id, key })).toBe(0);
    expect(await stateOf(changed, "out-moves")).toMatchObject({ assignedHub: h1, substatus: "deviceDataMigrated" });
    expect(await stateOf(changed, "out-never")).toMatchObject({ assignedHub: h2 });
  });
});

describe("the policy of the whole service", () => {
  it.each([
    ["geoLatency", { status: "assigned", assignedHub: h2 }],
    ["static", { status: "failed", errorCode: 400208 }],
  ] as const)("%s holds for enrollments that name none", async (allocationPolicy, expected) => {
    await using own = await startService({ hubs, allocationPolicy });
    await putIndividual(own, symmetricIndividual("plain", key));
    expect(await stateOf(own, "plain")).toMatchObject(expected);
    await putIndividual(own, { ...symmetricIndividual("named", key), allocationPolicy: "static", iotHubs: [h3] });
    expect(await stateOf(own, "named")).toMatchObject({ assignedHub: h3 });
  });
});
