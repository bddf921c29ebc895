import { type ClientConnection, formatSas, limits, moduleAnswer, moduleListAnswer, signSas } from "@rollcall/protocol";
import { beforeEach, describe, expect, test } from "vitest";
import { createHub } from "./hub.js";
import type { Hub, ModuleRequest } from "./hub-types.js";
import { HUB, MemoryDevices } from "./testing/memory-devices.js";

const NOW = Date.parse("2026-11-30T12:00:00Z");
const DEVICE_KEY = Buffer.alloc(32, 1);
const MODULE_KEY = Buffer.alloc(32, 2);
const connection: ClientConnection = {
  ...{ acceptedAt: NOW, securedAt: NOW, transport: "http", remote: "127.0.0.1:1", loopback: true },
  presented: () => [],
};

let devices: MemoryDevices;
let hub: Hub;
beforeEach(() => {
  devices = new MemoryDevices();
  const linked = [HUB, "h2.example"].map((host) => ({ host, weight: 1, applyAllocationPolicy: true }));
  hub = createHub({ store: devices, clock: () => NOW, hubs: { linked: () => linked } });
  for (const id of ["pump-1", "pump-2"])
    devices.add(id, { type: "symmetricKey", primaryKey: DEVICE_KEY.toString("base64") });
});

function token(resource: string, key = DEVICE_KEY): string {
  const expiry = NOW / 1000 + 30;
  return formatSas({ resource, expiry, signature: signSas(key, resource, String(expiry)) });
}
const deviceToken = (deviceId = "pump-1") => token(encodeURIComponent(`${HUB}/devices/${deviceId}`));

/** A request of the device itself; without a module id of all its modules. */
async function ask(operation: ModuleRequest["operation"], moduleId?: string, over: Partial<ModuleRequest> = {}) {
  const body = new Uint8Array();
  const about = { host: HUB, deviceId: "pump-1", apiVersion: "2017-11-08-preview", ifMatch: undefined, body };
  return await hub.answerModules({
    ...{ operation, ...about, token: deviceToken(), connection, trackingId: "t-1", isConnected: () => false },
    ...(moduleId !== undefined && { moduleId }),
    ...over,
  });
}
const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const put = (moduleId: string, body: unknown = {}, over: Partial<ModuleRequest> = {}) =>
  ask("putModule", moduleId, { body: json(body), ...over });

describe("the modules of a device", () => {
  test("are an empty list at first, then the modules that it creates, in the contract's form", async () => {
    expect(await ask("listModules")).toEqual({ status: 200, body: [] });
    const made = await put("m", { deviceId: "pump-1", moduleId: "m", managedBy: "IotEdge" });
    expect(made.status).toBe(200);
    const document = moduleAnswer.parse(made.body);
    expect(document).toMatchObject({ deviceId: "pump-1", moduleId: "m", managedBy: "IotEdge" });
    expect(made.etag).toBe(document.etag);
    const { primaryKey, secondaryKey } = document.authentication.symmetricKey;
    for (const key of [primaryKey, secondaryKey]) expect(Buffer.from(key ?? "", "base64")).toHaveLength(64);
    expect(primaryKey).not.toBe(secondaryKey);
    expect((await ask("getModule", "m")).body).toEqual(document);
    expect(moduleListAnswer.parse((await ask("listModules")).body)).toEqual([document]);
    expect((await ask("listModules", undefined, { deviceId: "pump-2", token: deviceToken("pump-2") })).body).toEqual(
      [],
    );
  });

  test("have the keys that a PUT over If-Match gives them, and stay of the same generation", async () => {
    const made = moduleAnswer.parse((await put("m")).body);
    const symmetricKey = { primaryKey: MODULE_KEY.toString("base64"), secondaryKey: DEVICE_KEY.toString("base64") };
    const changed = await put("m", { authentication: { symmetricKey, type: "sas" } }, { ifMatch: "*" });
    const document = moduleAnswer.parse(changed.body);
    expect(document.authentication).toMatchObject({ symmetricKey, type: "sas" });
    expect(document.generationId).toBe(made.generationId);
    expect(document.etag).not.toBe(made.etag);
    expect((await put("m", {}, { ifMatch: `"${document.etag}"` })).status).toBe(200);
  });

  test("created anew are of another generation", async () => {
    const first = moduleAnswer.parse((await put("m")).body);
    expect(await ask("deleteModule", "m")).toEqual({ status: 204 });
    expect(moduleAnswer.parse((await put("m")).body).generationId).not.toBe(first.generationId);
  });

  test(`are ${limits.modulesOfDevice} at most`, async () => {
    expect(limits.modulesOfDevice).toBe(50);
    for (let n = 1; n <= 50; n++) expect((await put(`m${n}`)).status).toBe(200);
    expect(await put("m51")).toMatchObject({ status: 413, error: "TooManyModulesOnDevice" });
    expect((await put("m50", {}, { ifMatch: "*" })).status).toBe(200);
    await ask("deleteModule", "m1");
    expect((await put("m51")).status).toBe(200);
  });

  test("of a certificate have its thumbprint in place of keys", async () => {
    const primaryThumbprint = "ab".repeat(32);
    const body = { authentication: { type: "selfSigned", x509Thumbprint: { primaryThumbprint } } };
    expect((await put("m", body)).body).toMatchObject({
      authentication: {
        symmetricKey: { primaryKey: null, secondaryKey: null },
        x509Thumbprint: { primaryThumbprint: primaryThumbprint.toUpperCase(), secondaryThumbprint: null },
        type: "selfSigned",
      },
    });
  });
});

describe("what is refused, in the form of a hub", () => {
  const key = (bytes: number) => ({
    authentication: { type: "sas", symmetricKey: { primaryKey: Buffer.alloc(bytes).toString("base64") } },
  });
  beforeEach(async () => {
    await put("there");
  });

  test.each([
    ["no such module", () => ask("getModule", "m"), 404, "ModuleNotFound"],
    ["to delete what is not there", () => ask("deleteModule", "m", { ifMatch: "*" }), 404, "ModuleNotFound"],
    ["to update what is not there", () => put("m", {}, { ifMatch: "*" }), 404, "ModuleNotFound"],
    ["a module of another case", () => ask("getModule", "THERE"), 404, "ModuleNotFound"],
    ["to create what is there", () => put("there"), 409, "ModuleAlreadyExistsOnDevice"],
    ["to update over another etag", () => put("there", {}, { ifMatch: '"x"' }), 412, "PreconditionFailed"],
    ["to delete over another etag", () => ask("deleteModule", "there", { ifMatch: "x" }), 412, "PreconditionFailed"],
    ["a body about another module", () => put("m", { moduleId: "n" }), 400, "ArgumentInvalid"],
    ["a body about another device", () => put("m", { deviceId: "pump-2" }), 400, "ArgumentInvalid"],
    ["a body that is not an object", () => put("m", "text"), 400, "ArgumentInvalid"],
    ["a body that is not JSON", () => ask("putModule", "m", { body: Buffer.from("{") }), 400, "ArgumentInvalid"],
    ["a key of 15 bytes", () => put("m", key(15)), 400, "ArgumentInvalid"],
    ["a key of 65 bytes", () => put("m", key(65)), 400, "ArgumentInvalid"],
    ["a CA", () => put("m", { authentication: { type: "certificateAuthority" } }), 400, "ArgumentInvalid"],
    ["no thumbprint", () => put("m", { authentication: { type: "selfSigned" } }), 400, "ArgumentInvalid"],
    ["an id with a slash", () => put("a/b"), 400, "ArgumentInvalid"],
    ["an id of 129 characters", () => put("m".repeat(129)), 400, "ArgumentInvalid"],
    ["no api-version", () => ask("listModules", undefined, { apiVersion: undefined }), 400, "InvalidProtocolVersion"],
    ["no date for a version", () => ask("listModules", undefined, { apiVersion: "1" }), 400, "InvalidProtocolVersion"],
    ["an unknown device", () => ask("listModules", undefined, { deviceId: "x" }), 404, "DeviceNotFound"],
    [
      "a hub that is not here",
      () => ask("listModules", undefined, { host: "h9.example", token: token("h9.example%2Fdevices%2Fpump-1") }),
      404,
      "IotHubNotFound",
    ],
    [
      "a token of another device",
      () => ask("listModules", undefined, { token: deviceToken("pump-2") }),
      401,
      "IotHubUnauthorizedAccess",
    ],
    [
      "a token of another key",
      () => ask("listModules", undefined, { token: token(`${HUB}/devices/pump-1`, MODULE_KEY) }),
      401,
      "IotHubUnauthorizedAccess",
    ],
  ] as const)("%s", async (_, run, status, error) => {
    const answer = await run();
    expect(answer).toMatchObject({ status, error });
    expect(answer.body).toEqual({
      Message: expect.stringMatching(new RegExp(`^ErrorCode:${error};.+`)),
      ExceptionMessage: "Tracking ID:t1-TimeStamp:11/30/2026 12:00:00",
    });
  });

  test.each([16, 64])("a key of %i bytes is taken", async (bytes) => {
    expect((await put("m", key(bytes))).status).toBe(200);
  });

  test("an id of 128 characters, and IoT Edge's own, are taken", async () => {
    for (const id of ["m".repeat(128), "$edgeAgent", "$edgeHub"]) expect((await put(id)).status).toBe(200);
  });

  test("a disabled device; the same enabled is served", async () => {
    const keys = { type: "symmetricKey", primaryKey: DEVICE_KEY.toString("base64") } as const;
    devices.add("pump-1", keys, "disabled");
    expect(await ask("listModules")).toMatchObject({ status: 401, findings: [{ code: "hub.deviceDisabled" }] });
    devices.add("pump-1", keys);
    expect((await ask("listModules")).status).toBe(200);
  });
});

describe("the hub that is meant", () => {
  test.each([
    ["is the host that was dialled", HUB, token(`${HUB}/devices/pump-1`), 200],
    ["whatever its port and case", "HUB.Example:8443", token(`${HUB}/devices/pump-1`), 200],
    ["is that of the token behind a gateway", "gateway", token(`${HUB}/devices/pump-1`), 200],
    ["is that of the token without a host", undefined, token(`${HUB}/devices/pump-1`), 200],
    ["is the dialled one even with a token for another", "h2.example", token(`${HUB}/devices/pump-1`), 404],
  ] as const)("%s", async (_, host, sas, status) => {
    expect((await ask("listModules", undefined, { host, token: sas })).status).toBe(status);
  });
});

describe("a module that connects", () => {
  const at = (moduleId: string, sas: string) =>
    hub.connect({ hub: HUB, deviceId: "pump-1", moduleId, token: sas, connection, trackingId: "t" });
  const ofModule = (key: typeof MODULE_KEY, id = "m") =>
    token(encodeURIComponent(`${HUB}/devices/pump-1/modules/${id}`), key);

  beforeEach(async () => {
    const symmetricKey = { primaryKey: MODULE_KEY.toString("base64") };
    for (const id of ["m", "n"]) await put(id, { authentication: { type: "sas", symmetricKey } });
  });

  test("with its own key has a place and a twin of its own", async () => {
    const admission = await at("m", ofModule(MODULE_KEY));
    expect(admission).toMatchObject({ kind: "accepted", device: { hub: HUB, deviceId: "pump-1/m" } });
    const place = { hub: HUB, deviceId: "pump-1/m" };
    expect(await hub.patchReported(place, json({ a: 1 }))).toMatchObject({ status: 204, version: 2 });
    expect((await hub.twin(place)).body).toEqual({ desired: { $version: 1 }, reported: { a: 1, $version: 2 } });
    expect((await hub.twin({ hub: HUB, deviceId: "pump-1" })).body).toMatchObject({ reported: { $version: 1 } });
  });

  test.each([
    ["with the key of its device", "m", ofModule(DEVICE_KEY), "hub.credentialMismatch"],
    ["with the token of its device", "m", deviceToken(), "hub.credentialMismatch"],
    [
      "with the token of another module that has the same key",
      "m",
      ofModule(MODULE_KEY, "n"),
      "hub.credentialMismatch",
    ],
    ["that nobody created", "x", ofModule(MODULE_KEY, "x"), "hub.unknownModule"],
    ["in another case", "M", ofModule(MODULE_KEY, "M"), "hub.unknownModule"],
  ])("%s is refused", async (_, moduleId, sas, code) => {
    expect(await at(moduleId, sas)).toMatchObject({ kind: "refused", reason: "notAuthorized", findings: [{ code }] });
  });

  test("does not open its device, nor the modules of its device", async () => {
    const asDevice = { hub: HUB, deviceId: "pump-1", token: ofModule(MODULE_KEY), connection, trackingId: "t" };
    expect(await hub.connect(asDevice)).toMatchObject({ findings: [{ code: "hub.credentialMismatch" }] });
    expect((await ask("getModule", "m", { token: ofModule(MODULE_KEY) })).status).toBe(401);
  });

  test("is refused once it is deleted, and told so", async () => {
    const gone: string[] = [];
    hub.watchRemoved(({ deviceId }) => gone.push(deviceId));
    await ask("deleteModule", "m");
    expect(gone).toEqual(["pump-1/m"]);
    expect(await at("m", ofModule(MODULE_KEY))).toMatchObject({ findings: [{ code: "hub.unknownModule" }] });
    expect(await at("n", ofModule(MODULE_KEY, "n"))).toMatchObject({ kind: "accepted" });
  });
});
