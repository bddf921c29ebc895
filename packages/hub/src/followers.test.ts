import { type DeviceIdentity, type JsonObject, signSas, type Twin } from "@rollcall/protocol";
import { beforeEach, describe, expect, test } from "vitest";
import type { ConnectDecision } from "./connect.js";
import { Followers } from "./followers.js";
import { createHub } from "./hub.js";
import { HUB, MemoryDevices } from "./testing/memory-devices.js";

const key = { type: "symmetricKey", primaryKey: "" } as const;
const at = (deviceId: string) => ({ hub: HUB, deviceId });

/** A store to which other processes write, and that a test can delay or break. */
class SharedDevices extends MemoryDevices {
  before: () => void | Promise<void> = () => undefined;

  override async deviceIdentity(hub: string, deviceId: string): Promise<DeviceIdentity | undefined> {
    const identity = await super.deviceIdentity(hub, deviceId);
    await this.before();
    return identity;
  }

  /** Changes a twin like another process: nobody in this process is told. */
  desire(deviceId: string, desired: JsonObject): void {
    const twin = this.twins.get(deviceId) as Twin;
    this.twins.set(deviceId, { ...twin, desired, desiredVersion: twin.desiredVersion + 1 });
  }
}

/** Waits for an event; the time until then is not judged. */
const soon = <T>(read: () => T) => expect.poll(read, { timeout: 20_000 });

let devices: SharedDevices;
let followers: Followers;
let gone: string[];
let reasons: string[];
let told: (readonly [string, JsonObject])[];

beforeEach(() => {
  devices = new SharedDevices();
  for (const id of ["a", "b"]) devices.add(id, key);
  gone = [];
  reasons = [];
  told = [];
  followers = new Followers({
    store: devices,
    tell: (device, patch) => void told.push([device.deviceId, patch]),
    disconnect: async (device, reason) => {
      gone.push(device.deviceId);
      reasons.push(reason);
    },
  });
});

async function decide(deviceId: string): Promise<ConnectDecision> {
  const identity = await devices.deviceIdentity(HUB, deviceId);
  if (!identity) return { admission: { kind: "refused", reason: "notAuthorized", findings: [] } };
  return { admission: { kind: "accepted", device: at(deviceId) }, identity };
}

/** Connects a device; returns the function that ends the connection. */
async function connected(deviceId: string): Promise<() => void> {
  const { admission } = await followers.admit(at(deviceId), () => decide(deviceId));
  if (admission.kind === "refused") throw new Error("refused");
  return () => admission.left?.();
}

describe("a connected device", () => {
  test("is told new, changed and removed desired properties of another process, once", async () => {
    devices.desire("a", { kept: 1, changed: 1, gone: { x: 1 } });
    await connected("a");
    devices.desire("a", { kept: 1, changed: 2, come: true });
    followers.heard({ kind: "desired", ...at("a") });
    followers.heard({ kind: "desired", hub: HUB.toUpperCase(), deviceId: "a" });
    await soon(() => told).toEqual([["a", { changed: 2, come: true, gone: null, $version: 3 }]]);
    followers.heard({ kind: "missed" });
    devices.desire("a", {});
    followers.heard({ kind: "desired", ...at("a") });
    await soon(() => told).toHaveLength(2);
    expect(told[1]).toEqual(["a", { kept: null, changed: null, come: null, $version: 4 }]);
  });

  test("is told a change of this process as requested, together with earlier changes", async () => {
    await connected("a");
    devices.desire("a", { x: 1 });
    followers.changed(at("a"), { patch: { x: 1, never: null }, version: 2 });
    await soon(() => told).toEqual([["a", { x: 1, never: null, $version: 2 }]]);
    devices.desire("a", { x: 1, other: 1 });
    devices.desire("a", { x: 2, other: 1 });
    followers.changed(at("a"), { patch: { x: 2 }, version: 4 });
    followers.heard({ kind: "desired", ...at("a") });
    await soon(() => told).toHaveLength(2);
    expect(told[1]).toEqual(["a", { x: 2, other: 1, $version: 4 }]);
  });

  test("is put out when another process registers it with another certificate, and stays with the same one", async () => {
    const x509 = (...thumbprints: readonly string[]) => ({ type: "selfSigned" as const, thumbprints });
    devices.add("a", x509("AA"));
    devices.add("b", x509("BB"));
    await connected("a");
    await connected("b");
    devices.add("a", x509("A2"));
    devices.add("b", x509("BB"));
    for (const deviceId of ["b", "a"]) followers.heard({ kind: "taken", ...at(deviceId) });
    await soon(() => gone).toEqual(["a"]);
    expect(reasons).toEqual(["renewed"]);
    await devices.removeDevice(HUB, "b");
    followers.heard({ kind: "taken", ...at("b") });
    await soon(() => reasons).toEqual(["renewed", "removed"]);
  });

  test("with a key stays when its key has changed: only certificates are taken back", async () => {
    await connected("a");
    devices.add("a", { type: "symmetricKey", primaryKey: "AAAA" });
    followers.heard({ kind: "taken", ...at("a") });
    devices.desire("a", { x: 1 });
    followers.heard({ kind: "desired", ...at("a") });
    await soon(() => told).toHaveLength(1);
    expect(gone).toEqual([]);
  });

  test("is told of a twin that was put back, though its version is a lower one", async () => {
    for (const x of [1, 2, 3]) devices.desire("a", { x });
    await connected("a");
    devices.add("a", key);
    followers.heard({ kind: "missed" });
    await soon(() => told).toEqual([["a", { x: null, $version: 1 }]]);
  });

  test("is disconnected when its place is removed, taken or disabled, and not otherwise", async () => {
    for (const id of ["c", "d"]) devices.add(id, key);
    for (const id of ["a", "b", "c", "d"]) await connected(id);
    await devices.removeDevice(HUB, "a");
    devices.add("c", key, "disabled");
    const identity = devices.deviceIdentity.bind(devices);
    devices.deviceIdentity = async (...place) => {
      const found = await identity(...place);
      return found?.deviceId === "d" ? { ...found, registrationId: "heir" } : found;
    };
    for (const id of ["a", "b", "c", "d", "nobody"]) followers.heard({ kind: "taken", ...at(id) });
    await soon(() => gone.toSorted()).toEqual(["a", "c", "d"]);
    expect(told).toEqual([]);
  });

  test("is compared again until the store can be reached, or the device has left", async () => {
    const leave = await connected("a");
    await connected("b");
    let failures = 0;
    devices.before = () => {
      if (failures++ < 3) throw new Error("the store cannot be reached");
    };
    devices.desire("b", { x: 1 });
    await devices.removeDevice(HUB, "a");
    followers.heard({ kind: "missed" });
    leave();
    await soon(() => told).toEqual([["b", { x: 1, $version: 2 }]]);
    expect(gone).toEqual([]);
  });

  test("is followed on its newest connection, and on the one before after the newest has ended", async () => {
    await connected("a");
    devices.desire("a", { x: 1 });
    const leave = await connected("a");
    followers.heard({ kind: "desired", ...at("a") });
    devices.desire("a", { x: 2 });
    followers.heard({ kind: "desired", ...at("a") });
    await soon(() => told).toEqual([["a", { x: 2, $version: 3 }]]);
    leave();
    await soon(() => told).toHaveLength(2);
    expect(told[1]).toEqual(["a", { x: 2, $version: 3 }]);
  });
});

describe("a device that is connecting", () => {
  test.each(["taken", "missed"] as const)("is refused when its place was taken meanwhile (%s)", async (kind) => {
    devices.before = async () => {
      devices.before = () => undefined;
      await devices.removeDevice(HUB, "a");
      followers.heard({ kind, ...at("a") });
    };
    expect((await followers.admit(at("a"), () => decide("a"))).admission).toMatchObject({ kind: "refused" });
  });

  test("is accepted when it got its place while it was being refused", async () => {
    await devices.removeDevice(HUB, "a");
    devices.before = () => {
      devices.before = () => undefined;
      devices.add("a", key);
      followers.heard({ kind: "taken", ...at("a") });
    };
    expect((await followers.admit(at("a"), () => decide("a"))).admission).toMatchObject({ kind: "accepted" });
  });

  test("is refused when this process removes it after the decision, before its twin is read", async () => {
    const [primaryKey, now] = [Buffer.alloc(32, 1), Date.now()];
    const [resource, se] = [`${HUB}/devices/a`, String(Math.floor(now / 1000) + 3600)];
    const sig = encodeURIComponent(signSas(primaryKey, resource, se).toString("base64"));
    const store = Object.assign(devices, { watch: () => undefined });
    store.add("a", { ...key, primaryKey: primaryKey.toString("base64") });
    const linked = [{ host: HUB, weight: 1, applyAllocationPolicy: true }];
    const hub = createHub({ store, clock: () => now, hubs: { linked: () => linked } });
    const facts = {
      acceptedAt: now,
      securedAt: now,
      transport: "mqtt",
      remote: "127.0.0.1:1",
      loopback: true,
    } as const;
    const connection = { ...facts, presented: () => [] };
    const connect = () =>
      hub.connect({
        ...at("a"),
        token: `SharedAccessSignature sr=${resource}&sig=${sig}&se=${se}`,
        connection,
        trackingId: "t",
      });
    expect(await connect()).toMatchObject({ kind: "accepted" });
    const twin = store.twin.bind(store);
    store.twin = async (...place) => {
      store.twin = twin;
      await hub.removeDevice(at("a"));
      return twin(...place);
    };
    expect(await connect()).toMatchObject({ kind: "refused", findings: [{ code: "hub.deviceDeleted" }] });
  });

  test("is accepted even if changes arrive all the time, and compared afterwards", async () => {
    let reads = 0;
    devices.before = async () => {
      followers.heard({ kind: "missed" });
      if (++reads < 4) return;
      devices.before = () => undefined;
      await devices.removeDevice(HUB, "a");
    };
    await connected("a");
    await soon(() => gone).toEqual(["a"]);
  });

  test("is told every change after the twin that it can read at first", async () => {
    devices.before = () => {
      devices.before = () => undefined;
      devices.desire("a", { x: 1 });
      followers.heard({ kind: "desired", ...at("a") });
    };
    await connected("a");
    devices.desire("a", { x: 1, y: 1 });
    followers.heard({ kind: "desired", ...at("a") });
    await soon(() => told).toEqual([["a", { y: 1, $version: 3 }]]);
  });
});

test("all devices are compared, a few at a time", async () => {
  const ids = Array.from({ length: 100 }, (_, n) => `n${n}`);
  for (const id of ids) devices.add(id, key);
  for (const id of ids) await connected(id);
  for (const id of ids) devices.desire(id, { x: 1 });
  let [open, most] = [0, 0];
  devices.before = async () => {
    most = Math.max(most, ++open);
    await new Promise(setImmediate);
    open--;
  };
  followers.heard({ kind: "missed" });
  await soon(() => told.length).toBe(100);
  expect(most).toBe(8);
});
