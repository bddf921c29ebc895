import type { DeviceIdentity } from "@rollcall/protocol";
import { expect, it } from "vitest";
import type { DeviceFilter, Store } from "../index.js";
import { assignment, identity, type OpenStore, registration, twin } from "./contract-records.js";

const deviceIds = (devices: readonly DeviceIdentity[]) => devices.map(({ deviceId }) => deviceId);

async function idsAt(store: Store, hub: string, filter: DeviceFilter): Promise<readonly string[]> {
  return deviceIds(await store.devices(hub, filter));
}

/** Tests of devices at hubs, and their twins. */
export function deviceContract(open: OpenStore): void {
  it("update a twin only over the version with the expected etag", async () => {
    const store = await open();
    await store.saveAssignment({ registration: registration("d", "r1"), twin: twin("h.x", "d", "t1") });
    const next = { ...twin("h.x", "d", "t2"), reported: { b: 2 } };
    expect(await store.updateTwin(next, "t0")).toBe(false);
    expect(await store.updateTwin({ ...next, deviceId: "D" }, "t1")).toBe(false);
    expect(await store.twin("h.x", "d")).toEqual(twin("h.x", "d", "t1"));
    expect(await store.updateTwin(next, "t1")).toBe(true);
    expect(await store.twin("H.x", "d")).toEqual(next);
    expect(await store.updateTwin(twin("h.x", "nobody", "t2"), "t1")).toBe(false);
    expect(await store.twin("h.x", "nobody")).toBeUndefined();
  });

  it("apply exactly one of many simultaneous updates of a twin", async () => {
    const store = await open();
    await store.saveAssignment(assignment("h.x", "d"));
    const updates = await Promise.all(
      Array.from({ length: 20 }, (_, n) => store.updateTwin(twin("h.x", "d", `t${n + 2}`), "t1")),
    );
    expect(updates.filter(Boolean)).toHaveLength(1);
    expect((await store.twin("h.x", "d"))?.etag).toBe(`t${updates.indexOf(true) + 2}`);
  });

  it("list the devices of a hub by id, a page at a time", async () => {
    const store = await open();
    for (const id of ["b", "B", "a_1", "a-1", "c"]) await store.saveAssignment(assignment("Hub.x", id));
    for (const id of ["x", "y"]) {
      const other = { registration: registration(`other-${id}`, "r1"), identity: identity("hub.y", id) };
      await store.saveAssignment(other);
    }
    // "b" and "B" are one registration: only the first was saved. Device ids are compared with case.
    const upper = { registration: registration("upper", "r1"), identity: identity("hub.x", "B", "upper") };
    await store.saveAssignment(upper);
    const all = ["B", "a-1", "a_1", "b", "c"];
    expect(await idsAt(store, "hub.X", { limit: 9 })).toEqual(all);
    expect(await idsAt(store, "hub.x", { limit: 2 })).toEqual(["B", "a-1"]);
    expect(await idsAt(store, "hub.x", { limit: 2, afterDeviceId: "a-1" })).toEqual(["a_1", "b"]);
    expect(await idsAt(store, "hub.x", { limit: 2, afterDeviceId: "c" })).toEqual([]);
    expect(await idsAt(store, "hub.z", { limit: 2 })).toEqual([]);
    expect((await store.devices("hub.x", { limit: 1 }))[0]).toEqual(upper.identity);
  });

  it("search the devices of a hub for a part of the id, without case and without wildcards", async () => {
    const store = await open();
    for (const id of ["Pump%1", "pump_2", "valve*3", "PUMP-4"]) {
      const at = { registration: registration(`r-${id.length}-${id}`, "r1"), identity: identity("h.x", id) };
      await store.saveAssignment(at);
    }
    const parts: readonly (readonly [string, readonly string[]])[] = [
      ["pump", ["PUMP-4", "Pump%1", "pump_2"]],
      ["UMP", ["PUMP-4", "Pump%1", "pump_2"]],
      ["%", ["Pump%1"]],
      ["_", ["pump_2"]],
      ["*", ["valve*3"]],
      ["p%1", ["Pump%1"]],
      ["", ["PUMP-4", "Pump%1", "pump_2", "valve*3"]],
      ["none", []],
    ];
    for (const [search, ids] of parts) expect(await idsAt(store, "h.x", { limit: 9, search }), search).toEqual(ids);
    expect(await idsAt(store, "h.x", { limit: 1, search: "pump", afterDeviceId: "PUMP-4" })).toEqual(["Pump%1"]);
  });

  it("count the devices of a hub, and name the hubs that have devices", async () => {
    const store = await open();
    expect(await store.hubsWithDevices()).toEqual([]);
    expect(await store.deviceCount("h1.x")).toBe(0);
    for (const id of ["a", "b"]) await store.saveAssignment(assignment("H1.x", id));
    for (const id of ["c", "d", "e"]) await store.saveAssignment(assignment("h2.x", id));
    await store.saveAssignment({ registration: registration("f", "r1"), twin: twin("h3.x", "f", "t1") });
    expect([...(await store.hubsWithDevices())].sort()).toEqual(["h1.x", "h2.x"]);
    expect([await store.deviceCount("h1.X"), await store.deviceCount("h2.x")]).toEqual([2, 3]);
    const moved = { registration: registration("a", "r2"), identity: identity("h2.x", "a"), expectedEtag: "r1" };
    await store.saveAssignment({ ...moved, removed: { hub: "h1.x", deviceId: "a" } });
    await store.removeDevice("h1.x", "b");
    expect(await store.hubsWithDevices()).toEqual(["h2.x"]);
    expect([await store.deviceCount("h1.x"), await store.deviceCount("h2.x")]).toEqual([0, 4]);
  });

  it("remove a device with its twin, and leave its registration", async () => {
    const store = await open();
    expect(await store.removeDevice("h.x", "Dev")).toBe(false);
    await store.saveAssignment(assignment("h.x", "Dev"));
    expect(await store.removeDevice("h.x", "dev")).toBe(false);
    expect(await store.removeDevice("h2.x", "Dev")).toBe(false);
    expect(await store.removeDevice("H.x", "Dev")).toBe(true);
    expect(await store.deviceIdentity("h.x", "Dev")).toBeUndefined();
    expect(await store.twin("h.x", "Dev")).toBeUndefined();
    expect((await store.registration("dev"))?.etag).toBe("r1");
    expect(await store.removeDevice("h.x", "Dev")).toBe(false);
  });
}
