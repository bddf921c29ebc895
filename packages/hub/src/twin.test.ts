import { DpsError, type Json, type JsonObject } from "@rollcall/protocol";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { createHub } from "./hub.js";
import type { Hub, TwinReply } from "./hub-types.js";
import { HUB, MemoryDevices } from "./testing/memory-devices.js";

const device = { hub: HUB, deviceId: "pump-1" };
let devices: MemoryDevices;
let hub: Hub;
let etag = 0;

beforeEach(() => {
  devices = new MemoryDevices();
  devices.add("pump-1", { type: "symmetricKey", primaryKey: "" });
  const random = (size: number) => Buffer.alloc(size, ++etag % 256);
  hub = createHub({ store: devices, clock: () => 1000, hubs: { linked: () => [] }, random });
});

const patch = (value: unknown, baseVersion?: number): Promise<TwinReply> =>
  hub.patchReported(device, Buffer.from(typeof value === "string" ? value : JSON.stringify(value)), { baseVersion });
const reported = () => devices.twins.get("pump-1")?.reported;

function nested(depth: number): Json {
  return depth === 0 ? 1 : { a: nested(depth - 1) };
}

describe("reported properties", () => {
  test("the examples of RFC 7386, one after another", async () => {
    expect(await patch({ a: "b", c: { d: "e", f: "g" } })).toEqual({ status: 204, version: 2 });
    expect(await patch({ a: "z", c: { f: null } })).toEqual({ status: 204, version: 3 });
    expect(reported()).toEqual({ a: "z", c: { d: "e" } });
    await patch({ a: { bb: { ccc: null } }, c: ["x", { y: 1 }] });
    expect(reported()).toEqual({ a: { bb: {} }, c: ["x", { y: 1 }] });
    await patch({ a: null, c: null, missing: null });
    expect(reported()).toEqual({});
    expect(devices.twins.get("pump-1")).toMatchObject({
      reportedVersion: 5,
      desiredVersion: 1,
      reportedUpdatedAt: 1000,
      tags: { site: "north" },
    });
  });

  test("GET shows both sides with their versions, and no tags", async () => {
    await patch({ t: 1 });
    expect(await hub.twin(device)).toEqual({
      status: 200,
      body: { desired: { $version: 1 }, reported: { t: 1, $version: 2 } },
    });
  });

  test("names with a meaning in JavaScript are plain data", async () => {
    await patch(
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"toString":"x","hasOwnProperty":{"a":1}}',
    );
    await patch('{"__proto__":{"more":2}}');
    expect(Object.getOwnPropertyNames(reported())).toEqual(["__proto__", "constructor", "toString", "hasOwnProperty"]);
    expect(JSON.stringify(reported())).toContain('"__proto__":{"polluted":1,"more":2}');
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    expect(await patch('{"__proto__":null}')).toMatchObject({ status: 204 });
    expect(Object.getOwnPropertyNames(reported())).not.toContain("__proto__");
  });

  test.each([
    { what: "a dot", value: { "a.b": 1 } },
    { what: "a dollar", value: { a: { $b: 1 } } },
    { what: "a space", value: { "a b": 1 } },
    { what: "a control character", value: { "a\u0007": 1 } },
    { what: "a name inside an array", value: { a: [{ "b.c": 1 }] } },
    { what: "an empty name", value: { "": 1 } },
    { what: "a long name", value: { ["n".repeat(1025)]: 1 } },
    { what: "long text", value: { a: "é".repeat(2049) } },
    { what: "11 levels", value: nested(12) },
    { what: "arrays 11 deep", value: `{"a":${"[".repeat(11)}${"]".repeat(11)}}` },
    { what: "a huge number", value: '{"a":1e400}' },
    { what: "a whole number beyond 2^52", value: { a: 2 ** 53 } },
    { what: "no object", value: "[1]" },
    { what: "null", value: "null" },
    { what: "nothing", value: "" },
    { what: "no JSON", value: "{" },
    {
      what: "too much",
      value: Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`k${index}`, "x".repeat(4000)])),
    },
  ])("$what: 400 with the reason, and nothing changes", async ({ value }) => {
    const reply = await patch(value);
    expect(reply).toMatchObject({
      status: 400,
      body: { errorCode: 400004, timestampUtc: "1970-01-01T00:00:01.0000000Z" },
    });
    expect((reply.body as JsonObject)["message"]).toMatch(/refused: ./);
    expect(devices.twins.get("pump-1")).toMatchObject({ reported: {}, reportedVersion: 1 });
  });

  test("values at the limits are accepted", async () => {
    expect(await patch({ ["n".repeat(1024)]: "é".repeat(2048), b: true, c: null, d: [1.5, "x", null] })).toMatchObject({
      status: 204,
    });
    expect(await patch(nested(11))).toMatchObject({ status: 204 });
    expect(await patch({ big: 4_503_599_627_370_495 })).toMatchObject({ status: 204 });
  });

  test("small patches add up to the limit", async () => {
    const replies: number[] = [];
    for (let index = 0; index < 10; index++) replies.push((await patch({ [`k${index}`]: "x".repeat(4000) })).status);
    expect(replies).toEqual([204, 204, 204, 204, 204, 204, 204, 204, 400, 400]);
    expect(await patch({ k0: null, k8: "x".repeat(4000) })).toMatchObject({ status: 204 });
  });

  test("a patch of more than 96 KB: 413; a wrong base version: 412; an unknown device: 404", async () => {
    expect(await patch(" ".repeat(98_305))).toMatchObject({ status: 413 });
    expect(await patch({ a: 1 }, 7)).toMatchObject({ status: 412 });
    expect(await patch({ a: 1 }, 1)).toEqual({ status: 204, version: 2 });
    const nobody = { hub: HUB, deviceId: "nobody" };
    expect(await hub.twin(nobody)).toMatchObject({ status: 404, body: { errorCode: 404001 } });
    expect(await hub.patchReported(nobody, Buffer.from("{}"))).toMatchObject({ status: 404 });
  });

  test("five simultaneous patches: all are applied", async () => {
    const replies = await Promise.all(Array.from({ length: 5 }, (_, index) => patch({ [`k${index}`]: index })));
    expect(replies.map((each) => each.status)).toEqual([204, 204, 204, 204, 204]);
    expect(replies.map((each) => each.version).toSorted()).toEqual([2, 3, 4, 5, 6]);
    expect(reported()).toEqual({ k0: 0, k1: 1, k2: 2, k3: 3, k4: 4 });
  });

  test("a device whose patch always loses is told to try again", async () => {
    let others = 0;
    devices.beforeUpdate = () => {
      const twin = devices.twins.get("pump-1");
      if (twin) devices.twins.set("pump-1", { ...twin, etag: `other-${others++}` });
    };
    expect(await patch({ a: 1 })).toMatchObject({ status: 429 });
  });

  test("any JSON is answered", async () => {
    await fc.assert(
      fc.asyncProperty(fc.json({ maxDepth: 12 }), async (text) => {
        const reply = await patch(text);
        expect([204, 400]).toContain(reply.status);
        expect(JSON.parse(JSON.stringify(reported()))).toEqual(reported());
      }),
      { numRuns: 200 },
    );
  });
});

describe("desired properties", () => {
  test("are changed, and watchers are told the patch with its version", async () => {
    const seen: unknown[] = [];
    const stop = hub.watchDesired((about, change) => void seen.push([about.deviceId, change]));
    expect(await hub.patchDesired(device, { a: { b: 1 }, c: 2 })).toBe(2);
    expect(await hub.patchDesired(device, { c: null })).toBe(3);
    expect(seen).toEqual([
      ["pump-1", { a: { b: 1 }, c: 2, $version: 2 }],
      ["pump-1", { c: null, $version: 3 }],
    ]);
    stop();
    await hub.patchDesired(device, { d: 1 });
    expect(seen).toHaveLength(2);
    expect(devices.twins.get("pump-1")).toMatchObject({
      desired: { a: { b: 1 }, d: 1 },
      desiredVersion: 4,
      reportedVersion: 1,
    });
  });

  test("an unknown device gets undefined; an invalid patch throws", async () => {
    expect(await hub.patchDesired({ hub: HUB, deviceId: "nobody" }, { a: 1 })).toBeUndefined();
    await expect(hub.patchDesired(device, { "a.b": 1 })).rejects.toThrow(DpsError);
  });
});

test("telemetry is counted", () => {
  hub.countTelemetry(device);
  hub.countTelemetry(device);
  expect(hub.telemetryCount).toBe(2);
});
