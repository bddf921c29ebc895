import { expect, it } from "vitest";
import type { EnrollmentFilter, Store } from "../index.js";
import { certificate, group, groupIdsOf, idsOf, individual, type OpenStore, registration } from "./contract-records.js";

const written = ["a-10", "A-2", "a_2", "a.b", "B", "a2", "z:9", "a-1", "c-"];
/** In the order of the code units of the ids without case: `-` `.` digits `:` `_` letters. */
const inOrder = ["a-1", "a-10", "A-2", "a.b", "a2", "a_2", "B", "c-", "z:9"];

/** All ids, read page by page. */
async function walk(store: Store, filter: EnrollmentFilter): Promise<readonly string[]> {
  const pages: string[] = [];
  for (let after: string | undefined; ; after = pages.at(-1)?.toLowerCase()) {
    const page = await store.individuals({ ...filter, ...(after !== undefined && { after }) });
    expect(page.length).toBeLessThanOrEqual(filter.limit);
    pages.push(...idsOf(page));
    if (page.length < filter.limit) return pages;
  }
}

/** Tests of pages, searches and counts. */
export function enrollmentListContract(open: OpenStore): void {
  it("are read page by page in the order of keys, each once", async () => {
    const store = await open();
    for (const id of written) await store.putIndividual(individual(id));
    for (const id of written) await store.putGroup(group(id));
    for (const limit of [1, 2, 4, 9, 1000]) expect(await walk(store, { limit })).toEqual(inOrder);
    expect(groupIdsOf(await store.groups({ limit: 1000 }))).toEqual(inOrder);
    expect(groupIdsOf(await store.groups({ limit: 2, after: "a-10" }))).toEqual(["A-2", "a.b"]);
    expect(await store.groups({ limit: 2, after: "z:9" })).toEqual([]);
  });

  it("begin after a key that never existed, or was removed", async () => {
    const store = await open();
    for (const id of ["a", "b", "c"]) await store.putIndividual(individual(id));
    await store.removeIndividual("b");
    expect(idsOf(await store.individuals({ limit: 9, after: "b" }))).toEqual(["c"]);
    expect(idsOf(await store.individuals({ limit: 9, after: "a0" }))).toEqual(["c"]);
    expect(idsOf(await store.individuals({ limit: 9, after: "" }))).toEqual(["a", "c"]);
    await store.putIndividual(individual("b"));
    expect(idsOf(await store.individuals({ limit: 9 }))).toEqual(["a", "b", "c"]);
  });

  it("are searched for a part of the id at any position, without case and without wildcards", async () => {
    const store = await open();
    for (const id of written) await store.putIndividual(individual(id));
    for (const id of written) await store.putGroup(group(id));
    const parts: readonly (readonly [string, readonly string[]])[] = [
      ["A-1", ["a-1", "a-10"]],
      ["-", ["a-1", "a-10", "A-2", "c-"]],
      ["_", ["a_2"]],
      ["2", ["A-2", "a2", "a_2"]],
      ["b", ["a.b", "B"]],
      [".", ["a.b"]],
      ["%", []],
      ["*", []],
      ["?", []],
      ["\\", []],
      ["'", []],
      ["", inOrder],
      ["a-1000", []],
    ];
    for (const [search, ids] of parts) {
      expect(idsOf(await store.individuals({ limit: 99, search })), search).toEqual(ids);
      expect(groupIdsOf(await store.groups({ limit: 99, search })), search).toEqual(ids);
      for (const limit of [1, 2]) expect(await walk(store, { limit, search }), search).toEqual(ids);
    }
  });

  it("are filtered by status, also with a search", async () => {
    const store = await open();
    const provisioningStatus = "disabled" as const;
    for (const id of ["a1", "a2", "b1"]) await store.putIndividual(individual(id));
    for (const id of ["a3", "b2", "A4"]) await store.putIndividual(individual(id, { provisioningStatus }));
    await store.putGroup(group("g1", { provisioningStatus }));
    await store.putGroup(group("g2"));
    const status = provisioningStatus;
    for (const limit of [1, 2, 9]) expect(await walk(store, { limit, status })).toEqual(["a3", "A4", "b2"]);
    for (const limit of [1, 9]) expect(await walk(store, { limit, status, search: "A" })).toEqual(["a3", "A4"]);
    expect(await walk(store, { limit: 9, status: "enabled", search: "1" })).toEqual(["a1", "b1"]);
    expect(groupIdsOf(await store.groups({ limit: 9, status }))).toEqual(["g1"]);
    expect(groupIdsOf(await store.groups({ limit: 9, status: "enabled", search: "G" }))).toEqual(["g2"]);
    await store.putIndividual(individual("a3"));
    expect(await walk(store, { limit: 9, status })).toEqual(["A4", "b2"]);
  });

  it("contain whole records", async () => {
    const store = await open();
    const record = individual("Pump-1", { iotHubs: ["h.x"], etag: "e7" });
    await store.putIndividual(record);
    await store.putGroup(group("G", { iotEdge: true }));
    expect(await store.individuals({ limit: 1 })).toEqual([record]);
    expect(await store.individuals({ limit: 1, search: "mp", status: "enabled" })).toEqual([record]);
    expect(await store.groups({ limit: 1 })).toEqual([group("G", { iotEdge: true })]);
  });

  it("are counted", async () => {
    const store = await open();
    const none = { individualEnrollments: 0, enrollmentGroups: 0, registrations: 0, certificates: 0 };
    expect(await store.counts()).toEqual(none);
    for (const id of ["a", "b", "A", "c"]) await store.putIndividual(individual(id));
    await store.putGroup(group("g"));
    await store.putCaCertificate(certificate("root"));
    for (const id of ["a", "x"]) await store.saveAssignment({ registration: registration(id, "r1") });
    await store.saveAssignment({ registration: registration("a", "r2"), expectedEtag: "r1" });
    const some = { individualEnrollments: 3, enrollmentGroups: 1, registrations: 2, certificates: 1 };
    expect(await store.counts()).toEqual(some);
    await store.putIndividual(individual("b"), "absent");
    await store.removeIndividual("b", "other");
    expect(await store.counts()).toEqual(some);
    await store.removeIndividual("a");
    await store.removeGroup("g");
    await store.removeRegistration("x");
    await store.removeCaCertificate("root");
    expect(await store.counts()).toEqual({ ...none, individualEnrollments: 2 });
  });
}
