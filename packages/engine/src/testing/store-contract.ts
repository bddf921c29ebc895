import type { DeviceIdentity, Twin } from "@rollcall/protocol";
import { describe, expect, it } from "vitest";
import type { GroupRecord, IndividualRecord, RegistrationRecord, Store } from "../ports.js";

const base = {
  provisioningStatus: "enabled" as const,
  iotHubs: [],
  iotEdge: false,
  initialTwin: { tags: {}, desired: {} },
  createdAt: 1,
  updatedAt: 1,
};
const keys = { type: "symmetricKey" as const, primaryKey: "cA==", secondaryKey: "cw==" };

function individual(registrationId: string, over: Partial<IndividualRecord> = {}): IndividualRecord {
  const source = {
    registrationId,
    attestation: { type: "symmetricKey" as const },
    provisioningStatus: "enabled" as const,
  };
  return { kind: "individual", registrationId, attestation: keys, etag: "e1", source, ...base, ...over };
}

function group(enrollmentGroupId: string, over: Partial<GroupRecord> = {}): GroupRecord {
  const source = {
    enrollmentGroupId,
    attestation: { type: "symmetricKey" as const },
    provisioningStatus: "enabled" as const,
  };
  return { kind: "group", enrollmentGroupId, attestation: keys, etag: "e1", source, ...base, ...over };
}

const x509 = (holds: "clientCertificates" | "signingCertificates", thumbprint: string, subject?: string) => ({
  type: "x509" as const,
  holds,
  primary: { thumbprint, ...(subject !== undefined && { subject }) },
});

function registration(registrationId: string, etag: string): RegistrationRecord {
  return {
    registrationId,
    enrollment: { kind: "individual", id: registrationId },
    attestation: "symmetricKey",
    operations: [{ id: "4.0.0", startedAt: 1, readyAt: 1 }],
    result: { status: "assigned", assignedHub: "127.0.0.1", deviceId: registrationId, substatus: "initialAssignment" },
    createdAt: 1,
    updatedAt: 1,
    etag,
  };
}

function identity(hub: string, deviceId: string): DeviceIdentity {
  const authentication = { type: "symmetricKey" as const, primaryKey: "cA==" };
  return { hub, deviceId, registrationId: deviceId, authentication, iotEdge: false, status: "enabled", createdAt: 1 };
}

function twin(hub: string, deviceId: string, etag: string): Twin {
  const versions = { desiredVersion: 1, desiredUpdatedAt: 1, reportedVersion: 1, reportedUpdatedAt: 1 };
  return { hub, deviceId, tags: {}, desired: { a: 1 }, reported: {}, ...versions, etag };
}

/** What every store must do; `open` gives an empty one. */
export function storeContract(name: string, open: () => Promise<Store>): void {
  describe(name, () => {
    enrollmentContract(open);
    registrationContract(open);
    twinContract(open);
  });
}

function enrollmentContract(open: () => Promise<Store>): void {
  it("finds enrollments and groups by id, case aside", async () => {
    const store = await open();
    await store.putIndividual(individual("Pump-1"));
    await store.putGroup(group("Line-3"));
    expect((await store.individualEnrollment("pUMP-1"))?.registrationId).toBe("Pump-1");
    expect((await store.enrollmentGroup("line-3"))?.enrollmentGroupId).toBe("Line-3");
    expect(await store.individualEnrollment("pump-2")).toBeUndefined();
    expect(await store.enrolledAmong(["pump-0", "pump-1", "pump-2"])).toEqual(["Pump-1"]);
  });

  it("replaces only over the expected version, and drops the old one's look-ups", async () => {
    const store = await open();
    await store.putIndividual(individual("a", { attestation: x509("clientCertificates", "AA") }));
    expect(await store.putIndividual(individual("a", { etag: "e2" }), { etag: "other" })).toBe(false);
    expect(
      await store.putIndividual(individual("a", { etag: "e2", attestation: x509("clientCertificates", "BB") }), {
        etag: "e1",
      }),
    ).toBe(true);
    expect(await store.enrollmentsByLeaf("AA")).toEqual([]);
    expect((await store.enrollmentsByLeaf("BB")).map((each) => each.registrationId)).toEqual(["a"]);
    expect(await store.putGroup(group("g"), { etag: "e1" })).toBe(false);
  });

  it("finds groups by certificate, by subject, and by kind", async () => {
    const store = await open();
    await store.putGroup(group("ca", { attestation: x509("signingCertificates", "AA", "3000") }));
    await store.putGroup(group("keys"));
    expect((await store.groupsByCertificate(["XX", "AA", "AA"])).map((each) => each.enrollmentGroupId)).toEqual(["ca"]);
    expect((await store.groupsBySubject("3000")).map((each) => each.enrollmentGroupId)).toEqual(["ca"]);
    expect((await store.symmetricKeyGroups()).map((each) => each.enrollmentGroupId)).toEqual(["keys"]);
    expect((await store.x509Groups()).map((each) => each.enrollmentGroupId)).toEqual(["ca"]);
  });

  it("finds a TPM by the hash of its endorsement key", async () => {
    const store = await open();
    await store.putIndividual(
      individual("t", { attestation: { type: "tpm", endorsementKey: "AA==", endorsementKeyHash: "ff" } }),
    );
    expect((await store.enrollmentByEndorsementKey("ff"))?.registrationId).toBe("t");
    expect(await store.enrollmentByEndorsementKey("00")).toBeUndefined();
  });
}

function registrationContract(open: () => Promise<Store>): void {
  it("saves registration, identity and twin together, once per version", async () => {
    const store = await open();
    const first = {
      registration: registration("Dev", "r1"),
      identity: identity("h1.x", "Dev"),
      twin: twin("h1.x", "Dev", "t1"),
    };
    expect(await store.saveAssignment(first)).toBe(true);
    expect(await store.saveAssignment(first)).toBe(false);
    expect(await store.saveAssignment({ ...first, expectedEtag: "r0" })).toBe(false);
    expect((await store.registration("dev"))?.etag).toBe("r1");
    expect((await store.deviceIdentity("H1.x", "Dev"))?.deviceId).toBe("Dev");
    expect(await store.deviceIdentity("h1.x", "dev")).toBeUndefined();
  });

  it("moves a device: the old hub forgets it", async () => {
    const store = await open();
    await store.saveAssignment({
      registration: registration("d", "r1"),
      identity: identity("h1.x", "d"),
      twin: twin("h1.x", "d", "t1"),
    });
    const moved = {
      registration: registration("d", "r2"),
      identity: identity("h2.x", "d"),
      twin: twin("h2.x", "d", "t2"),
    };
    expect(await store.saveAssignment({ ...moved, removed: { hub: "h1.x", deviceId: "d" }, expectedEtag: "r1" })).toBe(
      true,
    );
    expect(await store.deviceIdentity("h1.x", "d")).toBeUndefined();
    expect(await store.twin("h1.x", "d")).toBeUndefined();
    expect((await store.twin("h2.x", "d"))?.etag).toBe("t2");
  });

  it("keeps a device at the hub for the registration that has it", async () => {
    const store = await open();
    const owned = { ...identity("h.x", "shared"), registrationId: "owner" };
    await store.saveAssignment({ registration: registration("owner", "r1"), identity: owned });
    const claim = { registration: registration("other", "r1"), identity: { ...owned, registrationId: "other" } };
    expect(await store.saveAssignment(claim)).toBe(false);
    expect(await store.registration("other")).toBeUndefined();
    expect(await store.saveAssignment({ ...claim, replaces: "Owner" })).toBe(true);
    const moved = {
      registration: registration("owner", "r2"),
      identity: { ...owned, deviceId: "own" },
      expectedEtag: "r1",
    };
    expect(await store.saveAssignment({ ...moved, removed: { hub: "h.x", deviceId: "shared" } })).toBe(true);
    expect((await store.deviceIdentity("h.x", "shared"))?.registrationId).toBe("other");
  });

  it("lets exactly one of many racing registrations of one device win", async () => {
    const store = await open();
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, n) => store.saveAssignment({ registration: registration("d", `r${n}`) })),
    );
    expect(results.filter(Boolean)).toHaveLength(1);
  });
}

function twinContract(open: () => Promise<Store>): void {
  it("updates a twin only over the version that was read", async () => {
    const store = await open();
    await store.saveAssignment({ registration: registration("d", "r1"), twin: twin("h.x", "d", "t1") });
    expect(await store.updateTwin({ ...twin("h.x", "d", "t2"), reported: { b: 2 } }, "t0")).toBe(false);
    expect(await store.updateTwin({ ...twin("h.x", "d", "t2"), reported: { b: 2 } }, "t1")).toBe(true);
    expect((await store.twin("h.x", "d"))?.reported).toEqual({ b: 2 });
    expect(await store.updateTwin(twin("h.x", "nobody", "t2"), "t1")).toBe(false);
  });
}
