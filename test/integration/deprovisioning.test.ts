import { join } from "node:path";
import { topics } from "@rollcall/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../cli/run-cli.js";
import { groupDeviceKey } from "./device-tokens.js";
import { connectToHub, hubConnack, hubTwin, putGroup, putIndividual, readTwin, register } from "./operating.js";
import { startService, type TestService } from "./service.js";
import { openMqtt } from "./sockets.js";
import { symmetricIndividual } from "./symmetric.js";

/** Effects of disabling and deleting on devices (wire.md#deprovisioning), on real sockets. */

const groupKey = Buffer.alloc(32, 41).toString("base64");
const ownKey = Buffer.alloc(32, 42).toString("base64");
const attestation = { type: "symmetricKey" as const, symmetricKey: { primaryKey: groupKey, secondaryKey: groupKey } };
const group = (enrollmentGroupId: string) => ({ enrollmentGroupId, attestation });
const hub = "127.0.0.1";
let service: TestService;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;

// With a location, since deletions must reach a durable store too.
beforeAll(async () => {
  folder = await temporaryFolder();
  service = await startService({ location: join(folder.path, "state") });
});

afterAll(async () => {
  await service.rollcall.stop();
  await folder[Symbol.asyncDispose]();
});

/** An individually enrolled device that has registered. */
async function individual(registrationId: string) {
  const device = { registrationId, key: ownKey };
  await putIndividual(service, symmetricIndividual(registrationId, ownKey));
  expect((await register(service, device)).body.registrationState).toMatchObject({
    status: "assigned",
    substatus: "initialAssignment",
  });
  return device;
}

/** A device of a group that has registered. */
async function groupDevice(registrationId: string) {
  const device = { registrationId, key: groupDeviceKey(groupKey, registrationId) };
  expect((await register(service, device)).body.registrationState).toMatchObject({ status: "assigned" });
  return device;
}

const atHub = ({ registrationId, key }: { registrationId: string; key: string }) => ({
  hub,
  deviceId: registrationId,
  key,
});
/** The first finding of the latest attempt of a device. */
const firstFinding = async (id: string) => (await service.attempt(id))?.findings[0];

describe("an individual enrollment", () => {
  it("that is disabled: the next registration is refused, the connected device continues at the hub", async () => {
    const device = await individual("disabled-1");
    await using atWork = await openMqtt(service.mqtt);
    expect(await connectToHub(atWork, atHub(device))).toBe(0);
    await atWork.subscribe(topics.twinReplies);
    await putIndividual(service, { ...symmetricIndividual("disabled-1", ownKey), provisioningStatus: "disabled" });
    expect(await register(service, device)).toMatchObject({ status: 401, body: { errorCode: 401002 } });
    expect(await firstFinding("disabled-1")).toMatchObject({ code: "enrollment.disabled", cause: 16 });
    expect(await readTwin(atWork)).toMatchObject({ desired: { $version: 1 } });
    expect(await hubConnack(service, atHub(device))).toBe(0);
    expect(await service.rollcall.store.registration("disabled-1")).toMatchObject({ result: { status: "assigned" } });
    await putIndividual(service, symmetricIndividual("disabled-1", ownKey));
    expect((await register(service, device)).body.registrationState).toMatchObject({
      substatus: "reprovisionedToInitialAssignment",
    });
  });

  it("that is disabled refuses the device, although a group would accept it", async () => {
    await putGroup(service, group("would-take"));
    const device = await groupDevice("disabled-2");
    await putIndividual(service, { ...symmetricIndividual("disabled-2", device.key), provisioningStatus: "disabled" });
    expect(await register(service, device)).toMatchObject({ status: 401 });
    expect(await firstFinding("disabled-2")).toMatchObject({
      code: "enrollment.disabled",
      nearest: expect.stringContaining("would-take"),
    });
    await service.rollcall.store.removeGroup("would-take");
  });

  it("that is deleted: later registrations are refused, its record is gone, its device at the hub stays", async () => {
    const device = await individual("deleted-1");
    expect(await service.rollcall.store.removeIndividual("deleted-1")).toBe("removed");
    expect(await service.rollcall.store.registration("deleted-1")).toBeUndefined();
    await expectRefused(device);
    expect(await firstFinding("deleted-1")).toMatchObject({ code: "enrollment.notFound", cause: 15 });
    expect(await hubTwin(service, atHub(device))).toMatchObject({ desired: { $version: 1 } });
  });

  it("that is deleted: a group may accept the device, as at a first registration", async () => {
    await putGroup(service, group("takes-over"));
    const device = { registrationId: "deleted-2", key: groupDeviceKey(groupKey, "deleted-2") };
    await putIndividual(service, symmetricIndividual(device.registrationId, device.key));
    const first = await register(service, device);
    expect(first.body.registrationState).toMatchObject({ status: "assigned", symmetricKey: {} });
    await service.rollcall.store.removeIndividual("deleted-2");
    expect((await register(service, device)).body.registrationState).toMatchObject({
      status: "assigned",
      substatus: "initialAssignment",
      symmetricKey: { enrollmentGroupId: "takes-over" },
    });
    await service.rollcall.store.removeGroup("takes-over");
  });
});

/** No enrollment takes the device: over MQTT its token may fail at CONNECT already. */
async function expectRefused(device: { registrationId: string; key: string }): Promise<void> {
  expect(await register(service, device)).toMatchObject({ status: 401, body: { errorCode: 401002 } });
}

describe("a group", () => {
  it.each([
    [
      "disabled",
      () => putGroup(service, { ...group("line-disabled"), provisioningStatus: "disabled" }),
      "group.disabled",
    ],
    ["deleted", () => service.rollcall.store.removeGroup("line-deleted"), "enrollment.notFound"],
  ] as const)("that is %s: later registrations are refused, records stay", async (what, act, code) => {
    await putGroup(service, group(`line-${what}`));
    const known = await groupDevice(`known-to-${what}`);
    await act();
    const later = { registrationId: `new-to-${what}`, key: groupDeviceKey(groupKey, `new-to-${what}`) };
    for (const device of [known, later]) {
      await expectRefused(device);
      expect(await firstFinding(device.registrationId)).toMatchObject({ code });
    }
    const { store } = service.rollcall;
    expect(await store.registration(known.registrationId)).toMatchObject({ result: { status: "assigned" } });
    const records = await store.registrations({ limit: 10 }, { kind: "group", id: `line-${what}` });
    expect(records.map((each) => each.registrationId)).toEqual([known.registrationId]);
    expect(await hubConnack(service, atHub(known))).toBe(0);
    await store.removeGroup(`line-${what}`);
  });
});

describe("a registration record", () => {
  it("that is deleted: the next registration is an initial assignment, with the initial twin", async () => {
    const device = await individual("forgotten-1");
    const { store } = service.rollcall;
    const twin = await store.twin(hub, "forgotten-1");
    await store.updateTwin({ ...twin!, reported: { seen: 1 }, etag: "seen" }, twin?.etag ?? "");
    expect(await store.removeRegistration("forgotten-1")).toBe("removed");
    expect(await hubConnack(service, atHub(device))).toBe(0);
    expect((await register(service, device)).body.registrationState).toMatchObject({
      status: "assigned",
      substatus: "initialAssignment",
    });
    expect(await store.twin(hub, "forgotten-1")).toMatchObject({ reported: {} });
  });
});

describe("a device that is deleted at its hub", () => {
  it("is refused there, with a finding, and created again when it registers", async () => {
    const device = await individual("gone-1");
    expect(await service.rollcall.store.removeDevice(hub, "gone-1")).toBe(true);
    expect(await hubConnack(service, atHub(device))).toBe(5);
    expect(await firstFinding("gone-1")).toMatchObject({ code: "hub.unknownDevice", cause: 20, got: "gone-1" });
    expect((await register(service, device)).body.registrationState).toMatchObject({
      substatus: "reprovisionedToInitialAssignment",
    });
    expect(await hubConnack(service, atHub(device))).toBe(0);
  });

  it("whose enrollment was disabled first cannot return: the way to take a device out of service", async () => {
    const device = await individual("gone-2");
    await putIndividual(service, { ...symmetricIndividual("gone-2", ownKey), provisioningStatus: "disabled" });
    await service.rollcall.store.removeDevice(hub, "gone-2");
    expect(await register(service, device)).toMatchObject({ status: 401 });
    expect(await hubConnack(service, atHub(device))).toBe(5);
  });
});

describe("two registrations of one device at once", () => {
  it("end with one device, and no reply is lost", async () => {
    const device = await individual("twice");
    const replies = await Promise.all(Array.from({ length: 8 }, () => register(service, device)));
    for (const { body } of replies) {
      expect(body.registrationState).toMatchObject({ status: "assigned", assignedHub: hub, deviceId: "twice" });
    }
    expect((await service.rollcall.store.registration("twice"))?.operations).toHaveLength(8);
    expect(await service.rollcall.store.devices(hub, { limit: 10, search: "twice" })).toHaveLength(1);
    expect(await hubConnack(service, atHub(device))).toBe(0);
  });
});
