import { expect, it } from "vitest";
import {
  assignment,
  group,
  identity,
  idsOf,
  individual,
  type OpenStore,
  registration,
  twin,
} from "./contract-records.js";

/** Tests of registrations, and of the device that is saved with them. */
export function registrationContract(open: OpenStore): void {
  it("are saved with identity and twin together, once per version", async () => {
    const store = await open();
    const first = assignment("h1.x", "Dev");
    expect(await store.saveAssignment({ ...first, expectedEtag: "r0" })).toBe(false);
    expect(await store.deviceIdentity("h1.x", "Dev")).toBeUndefined();
    expect(await store.saveAssignment(first)).toBe(true);
    expect(await store.saveAssignment(first)).toBe(false);
    expect(await store.saveAssignment({ ...first, expectedEtag: "r0" })).toBe(false);
    expect(await store.registration("dEV")).toEqual(first.registration);
    expect(await store.deviceIdentity("H1.x", "Dev")).toEqual(first.identity);
    expect(await store.deviceIdentity("h1.x", "dev")).toBeUndefined();
    expect(await store.twin("h1.X", "Dev")).toEqual(first.twin);
    const second = { registration: registration("DEV", "r2"), twin: twin("h1.x", "Dev", "t2"), expectedEtag: "r1" };
    expect(await store.saveAssignment(second)).toBe(true);
    expect(await store.registration("dev")).toEqual(second.registration);
    expect(await store.deviceIdentity("h1.x", "Dev")).toEqual(first.identity);
    expect((await store.twin("h1.x", "Dev"))?.etag).toBe("t2");
  });

  it("without a twin leave the existing twin unchanged", async () => {
    const store = await open();
    await store.saveAssignment(assignment("h.x", "d"));
    await store.saveAssignment({
      registration: registration("d", "r2"),
      identity: identity("h.x", "d"),
      expectedEtag: "r1",
    });
    expect((await store.twin("h.x", "d"))?.etag).toBe("t1");
  });

  it("move a device, which is removed at the old hub", async () => {
    const store = await open();
    await store.saveAssignment(assignment("h1.x", "d"));
    const moved = {
      registration: registration("d", "r2"),
      identity: identity("h2.x", "d"),
      twin: twin("h2.x", "d", "t2"),
    };
    expect(await store.saveAssignment({ ...moved, removed: { hub: "H1.x", deviceId: "d" }, expectedEtag: "r1" })).toBe(
      true,
    );
    expect(await store.deviceIdentity("h1.x", "d")).toBeUndefined();
    expect(await store.twin("h1.x", "d")).toBeUndefined();
    expect((await store.twin("h2.x", "d"))?.etag).toBe("t2");
  });

  it("cannot take a device at the hub away from its registration", async () => {
    const store = await open();
    const owned = identity("h.x", "shared", "owner");
    await store.saveAssignment({ registration: registration("owner", "r1"), identity: owned });
    const claim = { registration: registration("other", "r1"), identity: { ...owned, registrationId: "other" } };
    expect(await store.saveAssignment(claim)).toBe(false);
    expect(await store.registration("other")).toBeUndefined();
    expect(await store.saveAssignment({ ...claim, replaces: "third" })).toBe(false);
    expect(await store.saveAssignment({ ...claim, replaces: "Owner" })).toBe(true);
    const moved = {
      registration: registration("owner", "r2"),
      identity: { ...owned, deviceId: "own" },
      expectedEtag: "r1",
    };
    expect(await store.saveAssignment({ ...moved, removed: { hub: "h.x", deviceId: "shared" } })).toBe(true);
    expect((await store.deviceIdentity("h.x", "shared"))?.registrationId).toBe("other");
  });

  it.each([
    { kind: "individual" as const, id: "Dev" },
    { kind: "group" as const, id: "Line" },
  ])("are saved only if the enrollment that admitted the device is unchanged: $kind", async (of) => {
    const store = await open();
    const isIndividual = of.kind === "individual";
    const put = (etag: string, provisioningStatus: "enabled" | "disabled" = "enabled") =>
      isIndividual
        ? store.putIndividual(individual("dEV", { etag, provisioningStatus }))
        : store.putGroup(group("lINE", { etag, provisioningStatus }));
    const first = { ...assignment("h.x", "Dev"), registration: registration("Dev", "r1", of), enrollmentEtag: "e1" };
    const nothing = async () => {
      expect(await store.saveAssignment(first)).toBe(false);
      expect(await store.registration("Dev")).toBeUndefined();
      expect(await store.deviceIdentity("h.x", "Dev")).toBeUndefined();
      expect(await store.twin("h.x", "Dev")).toBeUndefined();
    };
    await nothing();
    await put("e2");
    await nothing();
    await put("e1", "disabled");
    await nothing();
    await put("e1");
    expect(await store.saveAssignment(first)).toBe(true);
    await (isIndividual ? store.removeIndividual("Dev") : store.removeGroup("Line"));
    const again = { registration: registration("Dev", "r2", of), expectedEtag: "r1", enrollmentEtag: "e1" };
    expect(await store.saveAssignment(again)).toBe(false);
    expect((await store.registration("Dev"))?.etag).toBe(isIndividual ? undefined : "r1");
  });

  it("that happen simultaneously for one device: exactly one is saved", async () => {
    const store = await open();
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, n) => store.saveAssignment({ registration: registration("d", `r${n}`) })),
    );
    expect(results.filter(Boolean)).toHaveLength(1);
    expect((await store.registration("d"))?.etag).toBe(`r${results.indexOf(true)}`);
  });

  it("are listed by key, all or those of one enrollment, page by page", async () => {
    const store = await open();
    const line = { kind: "group" as const, id: "Line" };
    for (const id of ["d", "B", "a"]) await store.saveAssignment({ registration: registration(id, "r1", line) });
    for (const id of ["line", "c"]) await store.saveAssignment({ registration: registration(id, "r1") });
    expect(idsOf(await store.registrations({ limit: 9 }))).toEqual(["a", "B", "c", "d", "line"]);
    expect(idsOf(await store.registrations({ limit: 2, after: "b" }))).toEqual(["c", "d"]);
    const ofLine = { kind: "group" as const, id: "lINE" };
    expect(idsOf(await store.registrations({ limit: 2 }, ofLine))).toEqual(["a", "B"]);
    expect(idsOf(await store.registrations({ limit: 2, after: "b" }, ofLine))).toEqual(["d"]);
    expect(idsOf(await store.registrations({ limit: 2 }, { kind: "individual", id: "LINE" }))).toEqual(["line"]);
    expect(await store.registrations({ limit: 2 }, { kind: "group", id: "c" })).toEqual([]);
    expect(await store.registrations({ limit: 1, after: "z" })).toEqual([]);
  });

  it("are removed with the enrollment that they came from last", async () => {
    const store = await open();
    const [g1, g2] = [
      { kind: "group" as const, id: "g1" },
      { kind: "group" as const, id: "g2" },
    ];
    await store.saveAssignment({ registration: registration("d", "r1", g1) });
    await store.saveAssignment({ registration: registration("d", "r2", g2), expectedEtag: "r1" });
    expect(await store.registrations({ limit: 9 }, g1)).toEqual([]);
    expect(await store.registrations({ limit: 9 }, g2)).toEqual([registration("d", "r2", g2)]);
  });

  it("are removed, unless missing or changed; the device at the hub stays", async () => {
    const store = await open();
    expect(await store.removeRegistration("d")).toBe("missing");
    expect(await store.removeRegistration("d", "r1")).toBe("missing");
    await store.saveAssignment(assignment("h.x", "d"));
    expect(await store.removeRegistration("D", "r0")).toBe("changed");
    expect(await store.registration("d")).toBeDefined();
    expect(await store.removeRegistration("D", "r1")).toBe("removed");
    expect(await store.registration("d")).toBeUndefined();
    expect(await store.registrations({ limit: 9 }, { kind: "individual", id: "d" })).toEqual([]);
    expect((await store.deviceIdentity("h.x", "d"))?.registrationId).toBe("d");
    expect((await store.twin("h.x", "d"))?.etag).toBe("t1");
    expect(await store.saveAssignment({ registration: registration("d", "r5") })).toBe(true);
    expect(await store.removeRegistration("d")).toBe("removed");
  });
}
