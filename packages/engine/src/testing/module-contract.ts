import { type ModuleIdentity, modulePlace } from "@rollcall/protocol";
import { expect, it } from "vitest";
import type { Store } from "../index.js";
import { assignment, identity, keys, type OpenStore, registration, twin } from "./contract-records.js";

const module = (hub: string, deviceId: string, moduleId: string, etag = "m1"): ModuleIdentity => ({
  ...{ hub, deviceId, moduleId, etag, generationId: "1", managedBy: "IotEdge", authentication: keys, createdAt: 1 },
});
const twinOf = (of: ModuleIdentity) => twin(of.hub, modulePlace(of), "t1");
const create = (store: Store, of: ModuleIdentity, atMost = 50) =>
  store.modules.put(of, { twin: twinOf(of), expected: "absent", atMost });
const idsOf = async (store: Store, hub: string, deviceId: string) =>
  (await store.modules.list(hub, deviceId)).map(({ moduleId }) => moduleId);

/** Module identities, beside the devices they belong to. */
export function moduleContract(open: OpenStore): void {
  it("create a module with its twin, and give both back as they are", async () => {
    const store = await open();
    await store.saveAssignment(assignment("h.x", "d"));
    const made = module("h.x", "d", "$edgeAgent");
    expect(await store.modules.list("h.x", "d")).toEqual([]);
    expect(await create(store, made)).toBe(true);
    expect(await store.modules.get("H.x", "d", "$edgeAgent")).toEqual(made);
    expect(await store.twin("h.x", "d/$edgeAgent")).toEqual(twinOf(made));
    expect(await store.modules.get("h.x", "D", "$edgeAgent")).toBeUndefined();
    expect(await store.modules.get("h.x", "d", "$edgeagent")).toBeUndefined();
    expect(await store.modules.get("h2.x", "d", "$edgeAgent")).toBeUndefined();
    expect(await store.updateTwin({ ...twinOf(made), etag: "t2" }, "t1")).toBe(true);
    expect(await store.twin("h.x", "d")).toEqual(twin("h.x", "d", "t1"));
  });

  it("create no module of a device that the hub does not have", async () => {
    const store = await open();
    await store.saveAssignment(assignment("h.x", "d"));
    expect(await create(store, module("h.x", "e", "m"))).toBe(false);
    expect(await create(store, module("h2.x", "d", "m"))).toBe(false);
    expect(await store.twin("h.x", "e/m")).toBeUndefined();
  });

  it("write a module only over what is expected", async () => {
    const store = await open();
    await store.saveAssignment(assignment("h.x", "d"));
    const over = (etag: string) => ({ expected: { etag }, atMost: 50 });
    const next = module("h.x", "d", "m", "m2");
    expect(await store.modules.put(next, over("m1"))).toBe(false);
    await create(store, module("h.x", "d", "m"));
    expect(await create(store, next)).toBe(false);
    expect(await store.modules.put(next, over("m0"))).toBe(false);
    expect((await store.modules.get("h.x", "d", "m"))?.etag).toBe("m1");
    expect(await store.modules.put(next, over("m1"))).toBe(true);
    expect(await store.modules.get("h.x", "d", "m")).toEqual(next);
    expect((await store.twin("h.x", "d/m"))?.etag).toBe("t1");
  });

  it("list the modules of a device by id, and no other device's", async () => {
    const store = await open();
    for (const id of ["d", "d2"]) await store.saveAssignment(assignment("h.x", id));
    for (const id of ["b", "a", "B"]) await create(store, module("h.x", "d", id));
    await create(store, module("h.x", "d2", "c"));
    expect(await idsOf(store, "H.x", "d")).toEqual(["B", "a", "b"]);
    expect(await idsOf(store, "h.x", "d2")).toEqual(["c"]);
    expect((await store.devices("h.x", { limit: 9 })).map(({ deviceId }) => deviceId)).toEqual(["d", "d2"]);
    expect(await store.deviceCount("h.x")).toBe(2);
  });

  it("let a device have the allowed number of modules, also when several are created at once", async () => {
    const store = await open();
    await store.saveAssignment(assignment("h.x", "d"));
    await create(store, module("h.x", "d", "first"));
    const made = await Promise.all(Array.from({ length: 6 }, (_, n) => create(store, module("h.x", "d", `m${n}`), 4)));
    expect(made.filter(Boolean)).toHaveLength(3);
    expect(await idsOf(store, "h.x", "d")).toHaveLength(4);
    // An existing module may be written, although the device has the full number.
    const over = { expected: { etag: "m1" }, atMost: 4 };
    expect(await store.modules.put(module("h.x", "d", "first", "m2"), over)).toBe(true);
  });

  it("remove a module with its twin, over the expected etag", async () => {
    const store = await open();
    await store.saveAssignment(assignment("h.x", "d"));
    for (const id of ["a", "b"]) await create(store, module("h.x", "d", id));
    expect(await store.modules.remove("h.x", "d", "c")).toBe("missing");
    expect(await store.modules.remove("h.x", "d", "a", "m0")).toBe("changed");
    expect(await store.modules.remove("H.x", "d", "a", "m1")).toBe("removed");
    expect(await store.modules.remove("h.x", "d", "a")).toBe("missing");
    expect(await store.twin("h.x", "d/a")).toBeUndefined();
    expect(await idsOf(store, "h.x", "d")).toEqual(["b"]);
    expect(await store.twin("h.x", "d/b")).toBeDefined();
    expect(await store.deviceIdentity("h.x", "d")).toBeDefined();
  });

  it("take the modules and their twins away with their device, and nobody else's", async () => {
    const store = await open();
    for (const id of ["d", "d-2"]) {
      await store.saveAssignment(assignment("h.x", id));
      await create(store, module("h.x", id, "m"));
    }
    expect(await store.removeDevice("h.x", "d")).toBe(true);
    expect(await idsOf(store, "h.x", "d")).toEqual([]);
    expect(await store.twin("h.x", "d/m")).toBeUndefined();
    expect(await idsOf(store, "h.x", "d-2")).toEqual(["m"]);
    expect(await store.twin("h.x", "d-2/m")).toBeDefined();
  });

  it("keep the modules when their device registers again, and leave them behind when it moves", async () => {
    const store = await open();
    await store.saveAssignment(assignment("h.x", "d"));
    await create(store, module("h.x", "d", "m"));
    const again = { registration: registration("d", "r2"), identity: identity("h.x", "d"), expectedEtag: "r1" };
    expect(await store.saveAssignment(again)).toBe(true);
    expect(await idsOf(store, "h.x", "d")).toEqual(["m"]);
    const moved = { registration: registration("d", "r3"), identity: identity("h2.x", "d"), expectedEtag: "r2" };
    expect(await store.saveAssignment({ ...moved, removed: { hub: "h.x", deviceId: "d" } })).toBe(true);
    expect([await idsOf(store, "h.x", "d"), await idsOf(store, "h2.x", "d")]).toEqual([[], []]);
    expect(await store.twin("h.x", "d/m")).toBeUndefined();
  });

  it("take the modules away when another registration takes the place of their device", async () => {
    const store = await open();
    await store.saveAssignment(assignment("h.x", "d"));
    await create(store, module("h.x", "d", "m"));
    const other = { registration: registration("other", "r1"), identity: identity("h.x", "d", "other"), replaces: "d" };
    expect(await store.saveAssignment(other)).toBe(true);
    expect(await idsOf(store, "h.x", "d")).toEqual([]);
    expect(await store.twin("h.x", "d/m")).toBeUndefined();
  });
}
