import type { ClientConnection } from "@rollcall/protocol";
import { beforeEach, describe, expect, test } from "vitest";
import { createHub } from "./hub.js";
import type { Hub } from "./hub-types.js";
import { HUB, MemoryDevices } from "./testing/memory-devices.js";

const NOW = Date.parse("2026-11-23T12:00:00Z");
const device = { hub: HUB, deviceId: "pump-1" };
const connection: ClientConnection = {
  acceptedAt: NOW,
  securedAt: NOW,
  transport: "mqtt",
  remote: "127.0.0.1:1",
  loopback: true,
  presented: () => [],
};

class BrokenDevices extends MemoryDevices {
  isBroken = true;

  override async deviceIdentity(hub: string, deviceId: string) {
    if (this.isBroken) throw new Error("secret path");
    return super.deviceIdentity(hub, deviceId);
  }

  override async twin(hub: string, deviceId: string) {
    if (this.isBroken) throw new Error("secret path");
    return super.twin(hub, deviceId);
  }
}

let devices: BrokenDevices;
let hub: Hub;
let failures: { readonly error: unknown; readonly trackingId: string }[];

beforeEach(() => {
  devices = new BrokenDevices();
  devices.add("pump-1", { type: "symmetricKey", primaryKey: "" });
  failures = [];
  const linked = [{ host: HUB, weight: 1, applyAllocationPolicy: true }];
  const onFailure = (error: unknown, trackingId: string) => void failures.push({ error, trackingId });
  hub = createHub({ store: devices, clock: () => NOW, hubs: { linked: () => linked }, onFailure });
});

describe("an internal error does not reject", () => {
  test("a connection is refused as unavailable, with nothing but the tracking id", async () => {
    const admission = await hub.connect({ ...device, connection, trackingId: "t-1" });
    expect(admission).toMatchObject({
      kind: "refused",
      reason: "unavailable",
      findings: [{ code: "service.internal", remedy: expect.stringContaining("t-1") }],
    });
    expect(JSON.stringify(admission)).not.toContain("secret path");
    expect(failures).toEqual([{ error: new Error("secret path"), trackingId: "t-1" }]);
  });

  test("a connection with invalid credentials is refused as not authorized, without an internal error", async () => {
    devices.isBroken = false;
    const admission = await hub.connect({ ...device, connection, trackingId: "t-1" });
    expect(admission).toMatchObject({ kind: "refused", reason: "notAuthorized" });
    expect(failures).toEqual([]);
  });

  test.each([
    { what: "reading", ask: () => hub.twin(device, "t-2") },
    { what: "patching", ask: () => hub.patchReported(device, Buffer.from("{}"), { trackingId: "t-2" }) },
  ])("$what a twin gets status 500", async ({ ask }) => {
    const reply = await ask();
    expect(reply).toMatchObject({ status: 500, body: { errorCode: 500001, trackingId: "t-2" } });
    expect(JSON.stringify(reply)).not.toContain("secret path");
    expect(failures.map((each) => each.trackingId)).toEqual(["t-2"]);
    devices.isBroken = false;
    expect((await ask()).status).toBeLessThan(300);
  });
});
