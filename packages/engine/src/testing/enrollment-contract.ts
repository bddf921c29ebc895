import { expect, it } from "vitest";
import {
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

/** Tests of enrollments by id: puts and removals, with and without conditions. */
export function enrollmentContract(open: OpenStore): void {
  it("are found unchanged by id, without case", async () => {
    const store = await open();
    const pump = individual("Pump-1", { attestation: tpm("ff"), deviceId: "Dev", iotHubs: ["h.x"] });
    const line = group("Line-3", { initialTwin: { tags: { site: "Zürich 🚰" }, desired: { a: [null, 1.5] } } });
    expect(await store.putIndividual(pump)).toBe(true);
    expect(await store.putGroup(line)).toBe(true);
    expect(await store.individualEnrollment("pUMP-1")).toEqual(pump);
    expect(await store.enrollmentGroup("line-3")).toEqual(line);
    expect(await store.individualEnrollment("pump-2")).toBeUndefined();
    expect(await store.enrollmentGroup("line-4")).toBeUndefined();
  });

  it("do not exceed the limit of groups of a kind, also with many simultaneous puts", async () => {
    const store = await open();
    const ca = x509("signingCertificates", { thumbprint: "AA" });
    for (const id of ["x1", "x2"]) expect(await store.putGroup(group(id, { attestation: ca }), "absent", 2)).toBe(true);
    expect(await store.putGroup(group("x3", { attestation: ca }), "absent", 2)).toBe(false);
    expect(await store.enrollmentGroup("x3")).toBeUndefined();
    const puts = Array.from({ length: 10 }, (_, n) => store.putGroup(group(`g${n}`), "absent", 4));
    expect((await Promise.all(puts)).filter(Boolean)).toHaveLength(4);
    expect(await store.symmetricKeyGroups()).toHaveLength(4);
    // A group that replaces a group of a different kind counts; a group that replaces one of its own kind does not.
    expect(await store.putGroup(group("x1"), { etag: "e1" }, 4)).toBe(false);
    expect(await store.putGroup(group("x1"), { etag: "e1" }, 5)).toBe(true);
    expect(await store.putGroup(group("X1", { etag: "e2" }), { etag: "e1" }, 5)).toBe(true);
    expect(await store.putGroup(group("more"))).toBe(true);
    expect(groupIdsOf(await store.x509Groups())).toEqual(["x2"]);
  });

  it("and groups are separate name spaces", async () => {
    const store = await open();
    await store.putIndividual(individual("a"));
    expect(await store.enrollmentGroup("a")).toBeUndefined();
    await store.putGroup(group("a"));
    expect(await store.removeIndividual("a")).toBe("removed");
    expect((await store.enrollmentGroup("a"))?.enrollmentGroupId).toBe("a");
    expect(await store.groups({ limit: 9 })).toHaveLength(1);
    expect(await store.individuals({ limit: 9 })).toEqual([]);
  });

  it("are put unconditionally, only if absent, or only over one version", async () => {
    const store = await open();
    expect(await store.putIndividual(individual("a"), { etag: "e1" })).toBe(false);
    expect(await store.individualEnrollment("a")).toBeUndefined();
    expect(await store.putIndividual(individual("a"), "absent")).toBe(true);
    expect(await store.putIndividual(individual("A", { etag: "e2" }), "absent")).toBe(false);
    expect(await store.putIndividual(individual("A", { etag: "e2" }), { etag: "other" })).toBe(false);
    expect(await store.individualEnrollment("a")).toEqual(individual("a"));
    expect(await store.putIndividual(individual("A", { etag: "e2" }), { etag: "e1" })).toBe(true);
    expect(await store.putIndividual(individual("a", { etag: "e3" }))).toBe(true);
    expect(await store.individualEnrollment("a")).toEqual(individual("a", { etag: "e3" }));
  });

  it("of groups are put unconditionally, only if absent, or only over one version", async () => {
    const store = await open();
    expect(await store.putGroup(group("g"), { etag: "e1" })).toBe(false);
    expect(await store.enrollmentGroup("g")).toBeUndefined();
    expect(await store.putGroup(group("g"), "absent")).toBe(true);
    expect(await store.putGroup(group("G", { etag: "e2" }), "absent")).toBe(false);
    expect(await store.putGroup(group("G", { etag: "e2" }), { etag: "other" })).toBe(false);
    expect(await store.enrollmentGroup("g")).toEqual(group("g"));
    expect(await store.putGroup(group("G", { etag: "e2" }), { etag: "e1" })).toBe(true);
    expect(await store.putGroup(group("g", { etag: "e3" }))).toBe(true);
    expect(await store.enrollmentGroup("g")).toEqual(group("g", { etag: "e3" }));
  });

  it("are created by exactly one of many simultaneous puts", async () => {
    const store = await open();
    const etags = Array.from({ length: 20 }, (_, n) => `e${n}`);
    const made = await Promise.all(etags.map((etag) => store.putIndividual(individual("a", { etag }), "absent")));
    expect(made.filter(Boolean)).toHaveLength(1);
    const winner = etags[made.indexOf(true)];
    expect((await store.individualEnrollment("a"))?.etag).toBe(winner);
    const removed = await Promise.all(etags.map(() => store.removeIndividual("a")));
    expect(removed.filter((each) => each === "removed")).toHaveLength(1);
    expect(removed.filter((each) => each === "missing")).toHaveLength(19);
  });

  it("are removed, unless missing or changed", async () => {
    const store = await open();
    expect(await store.removeIndividual("a")).toBe("missing");
    expect(await store.removeIndividual("a", "e1")).toBe("missing");
    await store.putIndividual(individual("a"));
    expect(await store.removeIndividual("A", "e0")).toBe("changed");
    expect(await store.individualEnrollment("a")).toBeDefined();
    expect(await store.removeIndividual("A", "e1")).toBe("removed");
    expect(await store.individualEnrollment("a")).toBeUndefined();
    await store.putIndividual(individual("a"), "absent");
    expect(await store.removeIndividual("a")).toBe("removed");
  });

  it("of groups are removed, unless missing or changed", async () => {
    const store = await open();
    expect(await store.removeGroup("g")).toBe("missing");
    expect(await store.removeGroup("g", "e1")).toBe("missing");
    await store.putGroup(group("g"));
    expect(await store.removeGroup("G", "e0")).toBe("changed");
    expect(await store.enrollmentGroup("g")).toBeDefined();
    expect(await store.removeGroup("G", "e1")).toBe("removed");
    expect(await store.enrollmentGroup("g")).toBeUndefined();
    await store.putGroup(group("g"), "absent");
    expect(await store.removeGroup("g")).toBe("removed");
  });

  it("are no longer found by look-ups after their removal", async () => {
    const store = await open();
    const two = [{ thumbprint: "AA" }, { thumbprint: "BB", subject: "3000" }] as const;
    await store.putIndividual(individual("a", { attestation: x509("clientCertificates", ...two) }));
    await store.putIndividual(individual("t", { attestation: tpm("ff") }));
    await store.putGroup(group("g", { attestation: x509("signingCertificates", ...two) }));
    await store.removeIndividual("a");
    await store.removeIndividual("t");
    expect(await store.enrollmentsByLeaf("BB")).toEqual([]);
    expect(await store.enrollmentByEndorsementKey("ff")).toBeUndefined();
    expect(await store.groupsByCertificate(["BB"])).toHaveLength(1);
    await store.removeGroup("g");
    expect(await store.groupsByCertificate(["AA", "BB"])).toEqual([]);
    expect(await store.groupsBySubject("3000")).toEqual([]);
    expect(await store.x509Groups()).toEqual([]);
  });

  it("are removed with their registration, but without the device at the hub", async () => {
    const store = await open();
    await store.putIndividual(individual("Dev"));
    const own = { registration: registration("dev", "r1"), identity: identity("h.x", "Dev", "dev") };
    await store.saveAssignment({ ...own, twin: twin("h.x", "Dev", "t1") });
    expect(await store.removeIndividual("Dev", "e0")).toBe("changed");
    expect(await store.registration("dev")).toBeDefined();
    expect(await store.removeIndividual("Dev")).toBe("removed");
    expect(await store.registration("dev")).toBeUndefined();
    expect(await store.registrations({ limit: 9 }, { kind: "individual", id: "dev" })).toEqual([]);
    expect((await store.deviceIdentity("h.x", "Dev"))?.registrationId).toBe("dev");
    expect((await store.twin("h.x", "Dev"))?.etag).toBe("t1");
  });

  it("are removed without a group's registration, and groups without their registrations", async () => {
    const store = await open();
    await store.putIndividual(individual("d"));
    await store.putGroup(group("g"));
    await store.saveAssignment({ registration: registration("d", "r1", { kind: "group", id: "g" }) });
    expect(await store.removeIndividual("d")).toBe("removed");
    expect(await store.removeGroup("g")).toBe("removed");
    expect((await store.registration("d"))?.etag).toBe("r1");
    expect(await store.registrations({ limit: 9 }, { kind: "group", id: "g" })).toHaveLength(1);
  });
}
