import { randomBytes } from "node:crypto";
import { loadSeed, MemoryStore } from "@rollcall/engine";
import { deriveDeviceKey, seedSchema } from "@rollcall/protocol";
import { expect, it } from "vitest";
import { deviceCredentials } from "./device-credentials.js";

const key = (fill: number) => Buffer.alloc(32, fill).toString("base64");
const symmetricKey = (fill: number) => ({
  type: "symmetricKey",
  symmetricKey: { primaryKey: key(fill), secondaryKey: key(fill + 1) },
});

async function storeWith(seed: unknown): Promise<MemoryStore> {
  const store = new MemoryStore();
  await loadSeed(store, seedSchema.parse(seed), { now: 0, random: randomBytes, etag: () => "etag" });
  return store;
}

it("returns the key of an individual enrollment, whatever groups there are", async () => {
  const store = await storeWith({
    enrollments: [{ registrationId: "Pump-7", attestation: symmetricKey(1) }],
    enrollmentGroups: [{ enrollmentGroupId: "yard", attestation: symmetricKey(3) }],
  });
  expect(await deviceCredentials(store, "pump-7")).toEqual([
    { kind: "individual", id: "Pump-7", attestation: "symmetricKey", key: key(1) },
  ]);
});

it("derives a key for every group that would accept the device, and never returns a group's own key", async () => {
  const store = await storeWith({
    enrollmentGroups: [
      { enrollmentGroupId: "yard", attestation: symmetricKey(3) },
      { enrollmentGroupId: "hall", attestation: symmetricKey(5) },
    ],
  });
  const derived = (fill: number) => deriveDeviceKey(Buffer.alloc(32, fill), "tag-1").toString("base64");
  expect(await deviceCredentials(store, "tag-1")).toEqual([
    { kind: "group", id: "yard", attestation: "symmetricKey", key: derived(3) },
    { kind: "group", id: "hall", attestation: "symmetricKey", key: derived(5) },
  ]);
});

it("returns nothing for a device that no enrollment would accept", async () => {
  expect(await deviceCredentials(await storeWith({}), "nobody")).toEqual([]);
});
