import { DpsError, type JsonObject, type Twin } from "@rollcall/protocol";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { createHub } from "./hub.js";
import type { Hub } from "./hub-types.js";
import { HUB, MemoryDevices } from "./testing/memory-devices.js";
import { twinDocument } from "./twin-document.js";

let devices: MemoryDevices;
let hub: Hub;
let clock: number;
const device = { hub: HUB, deviceId: "pump-1" };
const authentication = { type: "symmetricKey" as const, primaryKey: Buffer.alloc(32).toString("base64") };

beforeEach(() => {
  devices = new MemoryDevices();
  devices.add("pump-1", authentication);
  clock = 1000;
  let etags = 0;
  hub = createHub({
    store: devices,
    hubs: { linked: () => [{ host: HUB, weight: 1, applyAllocationPolicy: true }] },
    clock: () => clock,
    random: (size) => Buffer.alloc(size, ++etags),
  });
});

describe("an operator's patch of a twin", () => {
  test("changes tags and desired properties, and watchers are told the desired properties", async () => {
    const seen: unknown[] = [];
    hub.watchDesired((about, change) => void seen.push([about.deviceId, change]));
    const twin = await hub.patchTwin(device, { desired: { a: { b: 1 } }, tags: { site: null, line: 3 } });
    expect(twin).toMatchObject({
      desired: { a: { b: 1 } },
      desiredVersion: 2,
      desiredUpdatedAt: 1000,
      tags: { line: 3 },
    });
    expect(devices.twins.get("pump-1")).toEqual(twin);
    const tagged = await hub.patchTwin(device, { tags: { line: 4 } }, ["old", twin.etag]);
    expect([tagged.desiredVersion, tagged.tags]).toEqual([2, { line: 4 }]);
    expect(seen).toEqual([["pump-1", { a: { b: 1 }, $version: 2 }]]);
  });

  test.each<[string, object, string]>([
    ["an illegal name", { desired: { "a.b": 1 } }, "properties.desired"],
    ["an illegal name that it deletes", { tags: { "a b": null } }, "tags"],
    ["too many tags", { tags: { a: "x".repeat(4000), b: "x".repeat(4000), c: "x".repeat(400) } }, "tags"],
  ])("with %s changes nothing, not even the other part", async (_, patch, path) => {
    const before = devices.twins.get("pump-1");
    const whole = { desired: { good: 1 }, tags: { good: 1 }, ...patch };
    await expect(hub.patchTwin(device, whole)).rejects.toMatchObject({ kind: "badRequest", info: { path } });
    expect(devices.twins.get("pump-1")).toBe(before);
  });

  test("is refused for an unknown device, for a wrong etag, and after too many conflicts", async () => {
    await expect(hub.patchTwin({ hub: HUB, deviceId: "none" }, { tags: {} })).rejects.toMatchObject({
      kind: "deviceNotFound",
    });
    await expect(hub.patchTwin(device, { tags: {} }, ["old"])).rejects.toMatchObject({ kind: "preconditionFailed" });
    let others = 0;
    devices.beforeUpdate = () => void changeEtag(devices, `other-${others++}`);
    await expect(hub.patchTwin(device, { tags: {} })).rejects.toMatchObject({ kind: "conflict" });
  });

  test("of any JSON is applied or refused", async () => {
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue()), async (desired) => {
        const answer = await hub.patchTwin(device, { desired: desired as JsonObject }).catch((error: unknown) => error);
        if (answer instanceof Error) expect(answer).toBeInstanceOf(DpsError);
        else expect((answer as Twin).desired).toEqual(devices.twins.get("pump-1")?.desired);
      }),
      { numRuns: 200 },
    );
  });
});

function changeEtag({ twins }: MemoryDevices, etag: string): void {
  const twin = twins.get("pump-1");
  if (twin) twins.set("pump-1", { ...twin, etag });
}

describe("a removed device", () => {
  const connection = {
    acceptedAt: 0,
    securedAt: 0,
    transport: "mqtt" as const,
    remote: "127.0.0.1:1",
    loopback: true,
    presented: () => [],
  };
  const connect = () => hub.connect({ ...device, connection, trackingId: "t" });

  test("no longer exists, and watchers are told", async () => {
    const seen: unknown[] = [];
    const stop = hub.watchRemoved((about) => void seen.push(about));
    expect(await hub.removeDevice(device)).toBe(true);
    expect(await hub.removeDevice(device)).toBe(false);
    expect([seen, await devices.deviceIdentity(HUB, "pump-1"), devices.twins.size]).toEqual([[device], undefined, 0]);
    stop();
    devices.add("pump-1", authentication);
    await hub.removeDevice(device);
    expect(seen).toHaveLength(1);
  });

  test("is refused with this reason when it connects, until it exists again", async () => {
    await hub.removeDevice(device);
    expect(await connect()).toMatchObject({
      kind: "refused",
      reason: "notAuthorized",
      findings: [{ code: "hub.deviceDeleted", title: expect.stringContaining("1970-01-01T00:00:01.000Z") }],
    });
    expect(await hub.connect({ hub: HUB, deviceId: "other", connection, trackingId: "t" })).toMatchObject({
      findings: [{ code: "hub.unknownDevice" }],
    });
    devices.add("pump-1", authentication);
    expect(await connect()).toMatchObject({ findings: [{ code: "hub.credentialMismatch" }] });
  });

  test("is refused even if the look-up was before the removal", async () => {
    const found = devices.deviceIdentity.bind(devices);
    devices.deviceIdentity = async (...place) => {
      const identity = await found(...place);
      await hub.removeDevice(device);
      return identity;
    };
    expect(await connect()).toMatchObject({ findings: [{ code: "hub.deviceDeleted" }] });
  });
});

describe("a device whose place a registration took", () => {
  const connection = {
    acceptedAt: 0,
    securedAt: 0,
    transport: "mqtt" as const,
    remote: "127.0.0.1:1",
    loopback: true,
    presented: () => [],
  };
  const connect = () => hub.connect({ ...device, connection, trackingId: "t" });

  test("is reported to watchers; when it connects later, the reason is not a deletion", async () => {
    const seen: unknown[] = [];
    hub.watchRemoved((about) => void seen.push(about));
    await hub.disconnect(device);
    expect(seen).toEqual([device]);
    expect(await connect()).toMatchObject({ findings: [{ code: "hub.credentialMismatch" }] });
    await devices.removeDevice(HUB, "pump-1");
    expect(await connect()).toMatchObject({ findings: [{ code: "hub.unknownDevice" }] });
  });

  test("is refused even if the look-up was before", async () => {
    const found = devices.deviceIdentity.bind(devices);
    devices.deviceIdentity = async (...place) => {
      const identity = await found(...place);
      await hub.disconnect(device);
      return identity;
    };
    expect(await connect()).toMatchObject({ findings: [{ code: "hub.unknownDevice" }] });
  });
});

describe("the twin document", () => {
  test("repeats the tree of properties in $metadata", async () => {
    const twin = await hub.patchTwin(device, { desired: { interval: 5, a: { b: [1] } } });
    const identity = await devices.deviceIdentity(HUB, "pump-1");
    if (!identity) throw new Error("the device is missing");
    const at = { $lastUpdated: "1970-01-01T00:00:01.000Z", $lastUpdatedVersion: 2 };
    expect(twinDocument({ identity, twin, connected: true })).toEqual({
      deviceId: "pump-1",
      etag: twin.etag,
      deviceEtag: expect.stringMatching(/^[A-Za-z0-9+/]{11}=$/),
      status: "enabled",
      statusUpdateTime: "0001-01-01T00:00:00Z",
      connectionState: "Connected",
      lastActivityTime: "0001-01-01T00:00:00Z",
      cloudToDeviceMessageCount: 0,
      authenticationType: "sas",
      x509Thumbprint: { primaryThumbprint: null, secondaryThumbprint: null },
      capabilities: { iotEdge: false },
      version: 3,
      tags: { site: "north" },
      properties: {
        desired: {
          interval: 5,
          a: { b: [1] },
          $metadata: { ...at, interval: at, a: { ...at, b: at } },
          $version: 2,
        },
        reported: { $metadata: { $lastUpdated: "1970-01-01T00:00:00.000Z" }, $version: 1 },
      },
    });
  });

  test("names the thumbprints that the device is known by, and never a key", async () => {
    devices.add("leaf", { type: "selfSigned", thumbprints: ["AB"] });
    devices.add("both", { type: "selfSigned", thumbprints: ["AB", "CD"] });
    devices.add("unknown", { type: "selfSigned", thumbprints: [] });
    const document = async (deviceId: string) => {
      const [identity, twin] = [await devices.deviceIdentity(HUB, deviceId), devices.twins.get(deviceId)];
      if (!identity || !twin) throw new Error("the device is missing");
      return twinDocument({ identity, twin, connected: false });
    };
    const none = { primaryThumbprint: null, secondaryThumbprint: null };
    expect(await document("leaf")).toMatchObject({
      authenticationType: "selfSigned",
      connectionState: "Disconnected",
      x509Thumbprint: { primaryThumbprint: "AB", secondaryThumbprint: null },
    });
    const both = { primaryThumbprint: "AB", secondaryThumbprint: "CD" };
    expect(await document("both")).toMatchObject({ authenticationType: "selfSigned", x509Thumbprint: both });
    expect(await document("unknown")).toMatchObject({ authenticationType: "selfSigned", x509Thumbprint: none });
    expect(JSON.stringify(await document("pump-1"))).not.toContain(authentication.primaryKey);
  });
});
