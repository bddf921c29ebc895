import { expect, it } from "vitest";
import {
  certificate,
  group,
  groupIdsOf,
  identity,
  individual,
  type OpenStore,
  registration,
  tpm,
  twin,
  x509,
} from "./contract-records.js";

const signed = x509("signingCertificates", { thumbprint: "AA", subject: "30" });

/** Tests of records that are put back unchanged. */
export function restoreContract(open: OpenStore): void {
  it("puts back everything of an export unchanged", async () => {
    const store = await open();
    const records = {
      individuals: [individual("Dev", { etag: "e5", attestation: tpm("ff") })],
      groups: [group("G", { etag: "e6", attestation: signed, provisioningStatus: "disabled" })],
      certificates: [certificate("Root", { etag: "c7" })],
      registrations: [registration("Dev", "r8"), registration("x", "r9", { kind: "group", id: "G" })],
      identities: [identity("H.x", "Dev")],
      twins: [twin("H.x", "Dev", "t9")],
    };
    await store.restore(records);
    expect(await store.individuals({ limit: 9 })).toEqual(records.individuals);
    expect(await store.groups({ limit: 9, status: "disabled" })).toEqual(records.groups);
    expect(await store.caCertificates()).toEqual(records.certificates);
    expect(await store.registrations({ limit: 9 })).toEqual(records.registrations);
    expect(await store.registrations({ limit: 9 }, { kind: "group", id: "g" })).toHaveLength(1);
    expect(await store.devices("h.x", { limit: 9 })).toEqual(records.identities);
    expect(await store.twin("h.x", "Dev")).toEqual(records.twins[0]);
    expect((await store.enrollmentByEndorsementKey("ff"))?.etag).toBe("e5");
    expect(groupIdsOf(await store.groupsBySubject("30"))).toEqual(["G"]);
    expect(await store.counts()).toEqual({
      individualEnrollments: 1,
      enrollmentGroups: 1,
      registrations: 2,
      certificates: 1,
    });
    expect(await store.saveAssignment({ registration: registration("dev", "r10"), expectedEtag: "r8" })).toBe(true);
  });

  it("replaces records with the same keys, and leaves the others", async () => {
    const store = await open();
    await store.putIndividual(individual("a", { attestation: tpm("00") }));
    await store.putIndividual(individual("b"));
    await store.saveAssignment({ registration: registration("a", "r1", { kind: "group", id: "g" }) });
    await store.saveAssignment({ registration: registration("b", "r1"), identity: identity("h.x", "b") });
    await store.restore({
      individuals: [individual("A", { etag: "e2", attestation: tpm("ff") })],
      registrations: [registration("A", "r2")],
      identities: [identity("h.x", "b", "a")],
    });
    expect((await store.individualEnrollment("a"))?.registrationId).toBe("A");
    expect(await store.enrollmentByEndorsementKey("00")).toBeUndefined();
    expect((await store.enrollmentByEndorsementKey("ff"))?.etag).toBe("e2");
    expect(await store.individualEnrollment("b")).toEqual(individual("b"));
    expect(await store.registrations({ limit: 9 }, { kind: "group", id: "g" })).toEqual([]);
    expect((await store.registration("a"))?.etag).toBe("r2");
    expect((await store.registration("b"))?.etag).toBe("r1");
    expect((await store.deviceIdentity("h.x", "b"))?.registrationId).toBe("a");
    expect(await store.deviceCount("h.x")).toBe(1);
  });

  it("keeps the last of several records with the same key", async () => {
    const store = await open();
    await store.restore({
      individuals: [individual("a"), individual("b"), individual("A", { etag: "e2" })],
      groups: [group("g", { attestation: signed }), group("G")],
      certificates: [certificate("c"), certificate("C", { etag: "c2" })],
      registrations: [registration("a", "r1"), registration("A", "r2")],
      identities: [identity("h.x", "d", "one"), identity("H.X", "d", "two")],
      twins: [twin("h.x", "d", "t1"), twin("H.X", "d", "t2")],
    });
    expect((await store.individualEnrollment("a"))?.etag).toBe("e2");
    expect(groupIdsOf(await store.groups({ limit: 9 }))).toEqual(["G"]);
    expect(await store.x509Groups()).toEqual([]);
    expect((await store.caCertificate("c"))?.etag).toBe("c2");
    expect((await store.registration("a"))?.etag).toBe("r2");
    expect((await store.deviceIdentity("h.x", "d"))?.registrationId).toBe("two");
    expect((await store.twin("h.x", "d"))?.etag).toBe("t2");
  });

  it("accepts an empty list", async () => {
    const store = await open();
    await store.restore({});
    await store.restore({ individuals: [], twins: [] });
    expect((await store.counts()).individualEnrollments).toBe(0);
  });

  it("accepts thousands of records in one call", async () => {
    const store = await open();
    const ids = Array.from({ length: 3000 }, (_, n) => `Device-${String(n).padStart(5, "0")}`);
    await store.restore({
      individuals: ids.map((id) => individual(id, { attestation: tpm(id) })),
      registrations: ids.map((id) => registration(id, "r1")),
      identities: ids.map((id) => identity("h.x", id)),
      twins: ids.map((id) => twin("h.x", id, "t1")),
    });
    expect((await store.counts()).registrations).toBe(3000);
    expect(await store.deviceCount("h.x")).toBe(3000);
    expect((await store.enrollmentByEndorsementKey("Device-02999"))?.registrationId).toBe("Device-02999");
    expect((await store.individuals({ limit: 9, search: "e-0299" })).map((each) => each.registrationId)).toEqual(
      ids.slice(2990, 2999),
    );
  });
}
