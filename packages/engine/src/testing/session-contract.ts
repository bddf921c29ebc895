import type { HubSession } from "@rollcall/protocol";
import { expect, it } from "vitest";
import type { Store } from "../index.js";
import { assignment, identity, type OpenStore, registration } from "./contract-records.js";

const session = (id: string, ...filters: readonly string[]): HubSession => ({
  id,
  subscriptions: filters.map((filter, index) => ({ filter, qos: index % 2 === 0 ? 1 : 0 })),
});
const [first, second] = [session("s1"), session("s1", "$iothub/twin/res/#", "devices/Dev/messages/devicebound/#")];

const sessionOf = async (store: Store, hub: string, deviceId: string) =>
  (await store.deviceAndSession(hub, deviceId))?.session;

/** A device at h.x with a session. */
async function withSession(open: OpenStore, deviceId = "Dev"): Promise<Store> {
  const store = await open();
  await store.saveAssignment(assignment("h.x", deviceId));
  expect(await store.replaceSession("h.x", deviceId, { expected: undefined, next: second })).toBe(true);
  return store;
}

/** The tests that every store of hub sessions must pass. */
export function sessionContract(open: OpenStore): void {
  it("come with the identity, in one look-up", async () => {
    const store = await open();
    expect(await store.deviceAndSession("h.x", "Dev")).toBeUndefined();
    await store.saveAssignment(assignment("h.x", "Dev"));
    expect(await store.deviceAndSession("h.x", "Dev")).toEqual({ identity: identity("h.x", "Dev") });
    await store.replaceSession("H.x", "Dev", { expected: undefined, next: second });
    expect(await store.deviceAndSession("h.X", "Dev")).toEqual({ identity: identity("h.x", "Dev"), session: second });
    expect(await store.deviceAndSession("h.x", "dev")).toBeUndefined();
    expect(await store.deviceAndSession("h2.x", "Dev")).toBeUndefined();
    expect(await store.deviceIdentity("h.x", "Dev")).toEqual(identity("h.x", "Dev"));
  });

  it("are replaced only where they are as expected", async () => {
    const store = await open();
    const replace = (expected: HubSession | undefined, next: HubSession | undefined, deviceId = "Dev") =>
      store.replaceSession("h.x", deviceId, { expected, next });
    expect(await replace(undefined, first)).toBe(false);
    await store.saveAssignment(assignment("h.x", "Dev"));
    expect(await replace(first, second)).toBe(false);
    expect(await replace(undefined, first)).toBe(true);
    expect(await replace(undefined, second)).toBe(false);
    expect(await replace(session("s2"), second)).toBe(false);
    expect(await replace(first, second, "dev")).toBe(false);
    expect(await sessionOf(store, "h.x", "Dev")).toEqual(first);
    expect(await replace(first, second)).toBe(true);
    expect(await replace(second, undefined)).toBe(true);
    expect(await store.deviceAndSession("h.x", "Dev")).toEqual({ identity: identity("h.x", "Dev") });
    expect(await replace(undefined, first)).toBe(true);
  });

  it("let exactly one of many racing writers win", async () => {
    const store = await withSession(open);
    const writes = Array.from({ length: 10 }, (_, n) => session(`n${n}`));
    const done = await Promise.all(
      writes.map((next) => store.replaceSession("h.x", "Dev", { expected: second, next })),
    );
    expect(done.filter(Boolean)).toHaveLength(1);
    expect(await sessionOf(store, "h.x", "Dev")).toEqual(writes[done.indexOf(true)]);
  });

  it("stay when the device registers again", async () => {
    const store = await withSession(open);
    const authentication = { type: "selfSigned" as const, thumbprints: ["AB"] };
    const again = { ...identity("h.x", "Dev"), authentication };
    const renewed = { registration: registration("Dev", "r2"), identity: again, expectedEtag: "r1" };
    expect(await store.saveAssignment({ ...renewed, renews: true })).toBe(true);
    expect(await store.deviceAndSession("h.x", "Dev")).toEqual({ identity: again, session: second });
  });

  it("end when the device is deleted, and do not come back with it", async () => {
    const store = await withSession(open);
    await store.removeDevice("h.x", "Dev");
    expect(await store.deviceAndSession("h.x", "Dev")).toBeUndefined();
    expect(await store.replaceSession("h.x", "Dev", { expected: second, next: first })).toBe(false);
    await store.saveAssignment({ ...assignment("h.x", "Dev"), expectedEtag: "r1" });
    expect(await store.deviceAndSession("h.x", "Dev")).toEqual({ identity: identity("h.x", "Dev") });
  });

  it("end when the device moves to another hub", async () => {
    const store = await withSession(open);
    const moved = { registration: registration("Dev", "r2"), identity: identity("h2.x", "Dev"), expectedEtag: "r1" };
    await store.saveAssignment({ ...moved, removed: { hub: "h.x", deviceId: "Dev" } });
    expect(await store.deviceAndSession("h.x", "Dev")).toBeUndefined();
    expect(await store.deviceAndSession("h2.x", "Dev")).toEqual({ identity: identity("h2.x", "Dev") });
  });

  it("end when another registration gets the place", async () => {
    const store = await withSession(open, "shared");
    const heir = { registration: registration("heir", "r1"), identity: identity("h.x", "shared", "heir") };
    expect(await store.saveAssignment(heir)).toBe(false);
    expect(await sessionOf(store, "h.x", "shared")).toEqual(second);
    expect(await store.saveAssignment({ ...heir, replaces: "shared" })).toBe(true);
    expect(await store.deviceAndSession("h.x", "shared")).toEqual({ identity: heir.identity });
  });

  it("end when an import puts the device, and stay when it puts another", async () => {
    const store = await withSession(open);
    await store.restore({ identities: [identity("h.x", "other")] });
    expect(await sessionOf(store, "h.x", "Dev")).toEqual(second);
    await store.restore({ identities: [identity("h.x", "Dev")] });
    expect(await store.deviceAndSession("h.x", "Dev")).toEqual({ identity: identity("h.x", "Dev") });
  });
}
