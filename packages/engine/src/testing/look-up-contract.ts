import { expect, it } from "vitest";
import type { AttestationRecord } from "../index.js";
import {
  assignment,
  group,
  groupIdsOf,
  idsOf,
  individual,
  keys,
  type OpenStore,
  tpm,
  x509,
} from "./contract-records.js";

const references = (names: readonly string[], thumbprints: readonly string[]): AttestationRecord => {
  const [primaryName = "", secondaryName] = names;
  const [primary = "", secondary] = thumbprints;
  return {
    type: "x509",
    holds: "caReferences",
    primaryName,
    ...(secondaryName !== undefined && { secondaryName }),
    primary: { thumbprint: primary, subject: "30" },
    ...(secondary !== undefined && { secondary: { thumbprint: secondary, subject: "31" } }),
  };
};

/** Tests of the values by which enrollments are found, besides their ids. */
export function lookUpContract(open: OpenStore): void {
  it("find groups by certificate, by subject, and by kind", async () => {
    const store = await open();
    const one = x509("signingCertificates", { thumbprint: "AA", subject: "3000" });
    const two = x509("signingCertificates", { thumbprint: "BB", subject: "3000" }, { thumbprint: "CC" });
    await store.putGroup(group("one", { attestation: one }));
    await store.putGroup(group("two", { attestation: two }));
    await store.putGroup(group("keys"));
    expect(groupIdsOf(await store.groupsByCertificate(["XX", "AA", "AA"]))).toEqual(["one"]);
    expect(groupIdsOf(await store.groupsByCertificate(["CC"]))).toEqual(["two"]);
    expect(groupIdsOf(await store.groupsByCertificate(["BB", "AA", "CC"])).toSorted()).toEqual(["one", "two"]);
    expect(await store.groupsByCertificate([])).toEqual([]);
    expect(groupIdsOf(await store.groupsBySubject("3000")).toSorted()).toEqual(["one", "two"]);
    expect(await store.groupsBySubject("30")).toEqual([]);
    expect(groupIdsOf(await store.symmetricKeyGroups())).toEqual(["keys"]);
    expect(groupIdsOf(await store.x509Groups()).toSorted()).toEqual(["one", "two"]);
  });

  it("find groups by a subject in any encoding: string type, case and spaces are ignored", async () => {
    const store = await open();
    // CN=Acme Root as UTF8String, " ACME  root" as PrintableString, and as BMPString; then CN=Acme Roof.
    const utf8 = "30143112301006035504030c0941636d6520526f6f74";
    const printable = "3016311430120603550403130b2041434d452020726f6f74";
    const bmp = "301d311b301906035504031e1200410063006d006500200052006f006f0074";
    await store.putGroup(
      group("acme", { attestation: x509("signingCertificates", { thumbprint: "AA", subject: utf8 }) }),
    );
    for (const subject of [utf8, printable, bmp]) {
      expect(groupIdsOf(await store.groupsBySubject(subject))).toEqual(["acme"]);
    }
    expect(await store.groupsBySubject("30143112301006035504030c0941636d6520526f6f66")).toEqual([]);
  });

  it("find nothing by a name with a NUL in it, not even by the part before the NUL", async () => {
    const store = await open();
    await store.putIndividual(individual("pump"));
    await store.putGroup(group("line", { attestation: x509("signingCertificates", { thumbprint: "AA" }) }));
    await store.saveAssignment(assignment("h1.test", "pump"));
    for (const id of ["pump\0", "pump\0x", "\0pump"]) {
      expect(await store.individualEnrollment(id)).toBeUndefined();
      expect(await store.enrolledAmong([id])).toEqual([]);
      expect(await store.individuals({ limit: 5, search: id })).toEqual([]);
      expect(await store.removeIndividual(id)).toBe("missing");
      expect(await store.registration(id)).toBeUndefined();
      expect(await store.deviceIdentity("h1.test", id)).toBeUndefined();
      expect(await store.devices("h1.test", { limit: 5, search: id })).toEqual([]);
      expect(await store.removeDevice("h1.test", id)).toBe(false);
      expect(await store.caCertificate(id)).toBeUndefined();
    }
    expect(await store.groupsByCertificate(["AA\0"])).toEqual([]);
    expect(idsOf(await store.individuals({ limit: 5, after: "\0" }))).toEqual(["pump"]);
    expect(await store.individuals({ limit: 5, after: "pump\0" })).toEqual([]);
    expect(await store.deviceCount("h1.test\0")).toBe(0);
  });

  it("find groups by the certificates to which they refer", async () => {
    const store = await open();
    await store.putGroup(group("g", { attestation: references(["root", "next"], ["AA", "BB"]) }));
    expect(groupIdsOf(await store.groupsByCertificate(["BB"]))).toEqual(["g"]);
    expect(groupIdsOf(await store.groupsBySubject("31"))).toEqual(["g"]);
    expect(groupIdsOf(await store.x509Groups())).toEqual(["g"]);
    await store.putGroup(group("g", { attestation: references(["root"], ["AA"]) }));
    expect(groupIdsOf(await store.groupsByCertificate(["AA"]))).toEqual(["g"]);
    expect(await store.groupsByCertificate(["BB"])).toEqual([]);
    expect(await store.groupsBySubject("31")).toEqual([]);
  });

  it("find the enrollments of a leaf, but no group", async () => {
    const store = await open();
    const both = x509("clientCertificates", { thumbprint: "AA", subject: "30" }, { thumbprint: "BB" });
    await store.putIndividual(individual("a", { attestation: both }));
    await store.putIndividual(individual("b", { attestation: x509("clientCertificates", { thumbprint: "BB" }) }));
    await store.putGroup(group("g", { attestation: x509("signingCertificates", { thumbprint: "CC" }) }));
    expect(idsOf(await store.enrollmentsByLeaf("AA"))).toEqual(["a"]);
    expect(idsOf(await store.enrollmentsByLeaf("BB")).toSorted()).toEqual(["a", "b"]);
    expect(await store.enrollmentsByLeaf("CC")).toEqual([]);
    expect(await store.groupsByCertificate(["AA", "BB"])).toEqual([]);
    expect(await store.groupsBySubject("30")).toEqual([]);
  });

  it("find the enrollment of an endorsement key", async () => {
    const store = await open();
    await store.putIndividual(individual("t", { attestation: tpm("ff") }));
    expect((await store.enrollmentByEndorsementKey("ff"))?.registrationId).toBe("t");
    expect(await store.enrollmentByEndorsementKey("00")).toBeUndefined();
    expect(await store.enrollmentsByLeaf("ff")).toEqual([]);
  });

  it("return the ids that are enrolled, in the enrollments' spelling", async () => {
    const store = await open();
    for (const id of ["Pump-1", "pump-3"]) await store.putIndividual(individual(id));
    await store.putGroup(group("pump-2"));
    expect(await store.enrolledAmong(["pump-3", "pump-2", "PUMP-1", "pump-0"])).toEqual(["pump-3", "Pump-1"]);
    expect(await store.enrolledAmong([])).toEqual([]);
  });

  it("follow a change of an enrollment's attestation, and stay when the change is refused", async () => {
    const store = await open();
    const leaf = (thumbprint: string) => ({ attestation: x509("clientCertificates", { thumbprint }) });
    await store.putIndividual(individual("a", leaf("AA")));
    expect(await store.putIndividual(individual("a", leaf("BB")), { etag: "e0" })).toBe(false);
    expect(await store.putIndividual(individual("a", leaf("BB")), "absent")).toBe(false);
    expect(idsOf(await store.enrollmentsByLeaf("AA"))).toEqual(["a"]);
    expect(await store.enrollmentsByLeaf("BB")).toEqual([]);
    expect(await store.putIndividual(individual("a", { ...leaf("BB"), etag: "e2" }), { etag: "e1" })).toBe(true);
    expect(await store.enrollmentsByLeaf("AA")).toEqual([]);
    expect(idsOf(await store.enrollmentsByLeaf("BB"))).toEqual(["a"]);
    await store.putIndividual(individual("a", { attestation: tpm("ff") }));
    expect(await store.enrollmentsByLeaf("BB")).toEqual([]);
    expect((await store.enrollmentByEndorsementKey("ff"))?.registrationId).toBe("a");
  });

  it("follow a change of a group's attestation", async () => {
    const store = await open();
    await store.putGroup(group("g", { attestation: x509("signingCertificates", { thumbprint: "AA", subject: "30" }) }));
    await store.putGroup(group("g", { attestation: keys }));
    expect(await store.groupsByCertificate(["AA"])).toEqual([]);
    expect(await store.groupsBySubject("30")).toEqual([]);
    expect(await store.x509Groups()).toEqual([]);
    expect(groupIdsOf(await store.symmetricKeyGroups())).toEqual(["g"]);
  });
}
