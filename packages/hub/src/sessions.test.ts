import { formatSas, type HubSession, hubResource, signSas } from "@rollcall/protocol";
import { beforeEach, describe, expect, test } from "vitest";
import { createHub } from "./hub.js";
import type { Hub, HubConnectRequest, KeptSession } from "./hub-types.js";
import { HUB, MemoryDevices } from "./testing/memory-devices.js";

const NOW = Date.parse("2026-11-30T12:00:00Z");
const KEY = Buffer.alloc(32, 1);
const resource = encodeURIComponent(hubResource(HUB, "pump-1"));
const expiry = NOW / 1000 + 3600;
const token = formatSas({ resource, expiry, signature: signSas(KEY, resource, String(expiry)) });
const facts = { acceptedAt: NOW, securedAt: NOW, transport: "mqtt", remote: "127.0.0.1:1", loopback: true } as const;
const connection = { ...facts, presented: () => [] };
const twin = { filter: "$iothub/twin/res/#", qos: 0 } as const;
const desired = { filter: "$iothub/twin/PATCH/properties/desired/#", qos: 1 } as const;

/** A store that counts, and that can be held up or broken. */
class CountedDevices extends MemoryDevices {
  reads = 0;
  writes: (HubSession | undefined)[] = [];
  gate: Promise<void> = Promise.resolve();
  isBroken = false;

  override async deviceAndSession(hub: string, deviceId: string) {
    this.reads++;
    return super.deviceAndSession(hub, deviceId);
  }

  override async replaceSession(...change: Parameters<MemoryDevices["replaceSession"]>): Promise<boolean> {
    await this.gate;
    if (this.isBroken) throw new Error("planted");
    this.writes.push(change[2].next);
    return super.replaceSession(...change);
  }
}

let devices: CountedDevices;
let failures: unknown[];
let hub: Hub;
beforeEach(() => {
  devices = new CountedDevices();
  failures = [];
  hub = createHub({
    store: devices,
    clock: () => NOW,
    hubs: { linked: () => [{ host: HUB, weight: 1, applyAllocationPolicy: true }] },
    onFailure: (error, trackingId) => void failures.push(`${trackingId} ${String(error)}`),
  });
  devices.add("pump-1", { type: "symmetricKey", primaryKey: KEY.toString("base64") });
});

async function connect(over: Partial<HubConnectRequest> = {}): Promise<KeptSession | undefined> {
  const admission = await hub.connect({ hub: HUB, deviceId: "pump-1", token, connection, trackingId: "t", ...over });
  if (admission.kind === "refused") throw new Error(JSON.stringify(admission.findings));
  return admission.session;
}

/** As `connect`, with the session that it has to have. */
async function keeping(): Promise<KeptSession> {
  const session = await connect({ session: "keep" });
  if (!session) throw new Error("no session");
  return session;
}

describe("a session that is kept", () => {
  test("begins without subscriptions, and is present from then on, subscribed or not", async () => {
    expect(await keeping()).toMatchObject({ isPresent: false, subscriptions: [] });
    expect(await keeping()).toMatchObject({ isPresent: true, subscriptions: [] });
  });

  test("has the subscriptions at its next connection, of any process", async () => {
    const session = await keeping();
    expect(await hub.keepSubscriptions(session, [twin, desired])).toBe(true);
    const { id } = session;
    expect(devices.sessions.get("pump-1")).toEqual({ id, subscriptions: [twin, desired] });
    const other = createHub({
      store: devices,
      clock: () => NOW,
      hubs: { linked: () => [{ host: HUB, weight: 1, applyAllocationPolicy: true }] },
    });
    const request = { hub: HUB, deviceId: "pump-1", token, connection, trackingId: "t", session: "keep" } as const;
    expect(await other.connect(request)).toMatchObject({
      session: { id, isPresent: true, subscriptions: [twin, desired] },
    });
  });

  test("is forgotten by a clean one, and left alone by who asks for neither, and by a module", async () => {
    const session = await keeping();
    await hub.keepSubscriptions(session, [twin]);
    expect(await connect()).toBeUndefined();
    expect(devices.sessions.size).toBe(1);
    expect(await connect({ session: "clean" })).toBeUndefined();
    expect(devices.sessions.size).toBe(0);
    const next = await keeping();
    expect(next).toMatchObject({ isPresent: false, subscriptions: [] });
    expect(next.id).not.toBe(session.id);
  });

  test("of an older connection is not kept over that of a newer one", async () => {
    const older = await keeping();
    await connect({ session: "clean" });
    const newer = await keeping();
    expect(await hub.keepSubscriptions(older, [desired])).toBe(true);
    expect(devices.sessions.get("pump-1")).toEqual({ id: newer.id, subscriptions: [] });
    await hub.keepSubscriptions(newer, [twin]);
    await hub.keepSubscriptions(older, [desired]);
    expect(devices.sessions.get("pump-1")).toEqual({ id: newer.id, subscriptions: [twin] });
  });

  test("is kept as written last when two connections of the same session write", async () => {
    await hub.keepSubscriptions(await keeping(), [twin]);
    const [one, two] = [await keeping(), await keeping()];
    await hub.keepSubscriptions(one, [twin, desired]);
    await hub.keepSubscriptions(two, [desired]);
    expect(devices.sessions.get("pump-1")?.subscriptions).toEqual([desired]);
  });

  test("goes with its device", async () => {
    const session = await keeping();
    await hub.keepSubscriptions(session, [twin]);
    await hub.removeDevice({ hub: HUB, deviceId: "pump-1" });
    expect(await hub.keepSubscriptions(session, [desired])).toBe(true);
    expect(devices.sessions.size).toBe(0);
  });

  test("never begins for who is refused", async () => {
    const request = { hub: HUB, deviceId: "pump-1", connection, trackingId: "t", session: "keep" } as const;
    expect(await hub.connect(request)).toMatchObject({ kind: "refused" });
    expect([devices.sessions.size, devices.writes]).toEqual([0, []]);
  });
});

describe("what it costs", () => {
  test("a CONNECT reads once; nobody waits for the write of the first one", async () => {
    let open: () => void = () => undefined;
    devices.gate = new Promise((resolve) => {
      open = resolve;
    });
    const session = await keeping();
    expect([devices.reads, devices.writes]).toEqual([1, []]);
    open();
    await hub.keepSubscriptions(session, [twin]);
    expect(devices.reads).toBe(1);
    await keeping();
    await connect({ session: "clean" });
    expect([devices.reads, devices.writes.length]).toEqual([3, 3]);
    await connect({ session: "clean" });
    expect([devices.reads, devices.writes.length]).toEqual([4, 3]);
  });

  test("the next CONNECT waits for what is being written", async () => {
    const session = await keeping();
    let open: () => void = () => undefined;
    devices.gate = new Promise((resolve) => {
      open = resolve;
    });
    const written = hub.keepSubscriptions(session, [twin]);
    const next = keeping();
    await new Promise(setImmediate);
    expect(devices.reads).toBe(1);
    open();
    expect(await next).toMatchObject({ isPresent: true, subscriptions: [twin] });
    await written;
  });

  test("several filters of one SUBSCRIBE are one write, with all of them", async () => {
    const session = await keeping();
    devices.writes.length = 0;
    await Promise.all([hub.keepSubscriptions(session, [twin]), hub.keepSubscriptions(session, [twin, desired])]);
    expect(devices.writes).toEqual([{ id: session.id, subscriptions: [twin, desired] }]);
  });
});

describe("a store that fails", () => {
  test("says so, once it is asked to keep anything; what was wanted is written by the next call", async () => {
    devices.isBroken = true;
    const session = await keeping();
    expect(await hub.keepSubscriptions(session, [twin], "t-7")).toBe(false);
    expect(failures).toEqual([" Error: planted", "t-7 Error: planted"]);
    devices.isBroken = false;
    expect(await hub.keepSubscriptions(session, [twin, desired])).toBe(true);
    expect(devices.sessions.get("pump-1")?.subscriptions).toEqual([twin, desired]);
  });

  test("lets nobody in with a clean session that it could not make clean", async () => {
    await hub.keepSubscriptions(await keeping(), [twin]);
    devices.isBroken = true;
    const request = { hub: HUB, deviceId: "pump-1", token, connection, trackingId: "t", session: "clean" } as const;
    expect(await hub.connect(request)).toMatchObject({ kind: "refused", reason: "unavailable" });
    devices.isBroken = false;
    expect(await hub.connect(request)).toMatchObject({ kind: "accepted" });
    expect(devices.sessions.size).toBe(0);
  });
});

test("a device that is taken away while its old session is forgotten is not let in", async () => {
  await hub.keepSubscriptions(await keeping(), [twin]);
  const replace = devices.replaceSession.bind(devices);
  devices.replaceSession = async (...change) => {
    devices.replaceSession = replace;
    const isDone = await replace(...change);
    await hub.removeDevice({ hub: HUB, deviceId: "pump-1" });
    return isDone;
  };
  const request = { hub: HUB, deviceId: "pump-1", token, connection, trackingId: "t", session: "clean" } as const;
  expect(await hub.connect(request)).toMatchObject({ kind: "refused", findings: [{ code: "hub.deviceDeleted" }] });
});
