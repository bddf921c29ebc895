import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Assignment, type GroupRecord, type IndividualRecord, MemoryStore, type Store } from "@rollcall/engine";
import { idKey } from "@rollcall/protocol";
import fc from "fast-check";
import { afterAll, expect, it } from "vitest";
import { openSqliteStore } from "./sqlite-store.js";
import { assignmentOf, individualOf } from "./testing/crash-records.js";

const folder = mkdtempSync(join(tmpdir(), "rollcall-same-"));
afterAll(() => rmSync(folder, { recursive: true }));

const long = process.env["ROLLCALL_TEST"] === "long";
const ids = ["a", "A", "b-1", "B-1", "c"];
const hubs = ["h1.x", "H1.x", "h2.x"];
const etags = ["1", "2", "3"];
const thumbprints = ["AA", "BB", "CC"];
const subjects = ["3000", "3001"];

const id = fc.constantFrom(...ids);
const etag = fc.constantFrom(...etags);
const expectedEtag = fc.option(etag, { nil: undefined });
const certificate = fc.record(
  { thumbprint: fc.constantFrom(...thumbprints), subject: fc.constantFrom(...subjects) },
  { requiredKeys: ["thumbprint"] },
);
const x509 = fc.record({ primary: certificate, secondary: certificate }, { requiredKeys: ["primary"] }).chain((pair) =>
  fc.constantFrom("clientCertificates" as const, "signingCertificates" as const).map((holds) => ({
    type: "x509" as const,
    holds,
    ...pair,
  })),
);
const keys = fc.constant({ type: "symmetricKey" as const, primaryKey: "cA==", secondaryKey: "cw==" });
const references = fc.constant({ type: "x509" as const, holds: "caReferences" as const, primaryName: "ca" });

const individual = fc
  .record({ id, etag, attestation: fc.oneof(x509, keys, fc.constant(undefined)) })
  // Without another attestation it is the one with an endorsement key, which only this id (case aside) has.
  .map(({ id, etag, attestation }): IndividualRecord => {
    const record = individualOf(id);
    const tpm = { type: "tpm" as const, endorsementKey: "AA==", endorsementKeyHash: idKey(id) };
    return { ...record, attestation: attestation ?? tpm, etag };
  });
const group = fc
  .record({ id, etag, attestation: fc.oneof(x509, keys, references) })
  .map(({ id, etag, attestation }): GroupRecord => {
    const { kind: _kind, registrationId: _id, source, ...base } = individualOf(id);
    const { provisioningStatus, attestation: sent } = source;
    const own = { enrollmentGroupId: id, provisioningStatus, attestation: sent };
    // Nothing here reads what the operator sent.
    return { ...base, kind: "group", enrollmentGroupId: id, attestation, etag, source: own as GroupRecord["source"] };
  });
const place = fc.record({ hub: fc.constantFrom(...hubs), deviceId: id });
const assignment = fc
  .record({
    id,
    etag,
    place,
    parts: fc.constantFrom("all", "noTwin", "none"),
    replaces: fc.option(id, { nil: undefined }),
    removed: fc.option(place, { nil: undefined }),
    expectedEtag,
  })
  .map(({ id, etag, place, parts, replaces, removed, expectedEtag }): Assignment => {
    const { registration, identity, twin } = assignmentOf(id, 1);
    return {
      registration: { ...registration, etag },
      ...(identity && parts !== "none" && { identity: { ...identity, ...place } }),
      ...(twin && parts === "all" && { twin: { ...twin, ...place, etag } }),
      ...(replaces !== undefined && { replaces }),
      ...(removed && { removed }),
      ...(expectedEtag !== undefined && { expectedEtag }),
    };
  });

type Change = (store: Store) => Promise<boolean>;

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(individual, expectedEtag).map(
    ([record, expected]): Change =>
      (store) =>
        store.putIndividual(record, expected),
  ),
  fc.tuple(group, expectedEtag).map(
    ([record, expected]): Change =>
      (store) =>
        store.putGroup(record, expected),
  ),
  assignment.map(
    (each): Change =>
      (store) =>
        store.saveAssignment(each),
  ),
  fc.tuple(place, etag, etag).map(([at, next, expected]): Change => {
    const twin = { ...assignmentOf("a", 1).twin!, ...at, etag: next };
    return (store) => store.updateTwin(twin, expected);
  }),
);

const sorted = (groups: readonly GroupRecord[]) =>
  [...groups].sort((a, b) => (idKey(a.enrollmentGroupId) < idKey(b.enrollmentGroupId) ? -1 : 1));
const sortedIndividuals = (records: readonly IndividualRecord[]) =>
  [...records].sort((a, b) => (idKey(a.registrationId) < idKey(b.registrationId) ? -1 : 1));

/** Everything that a store says about the little world above. */
async function everything(store: Store) {
  const places = hubs.flatMap((hub) => ids.map((deviceId) => [hub, deviceId] as const));
  return {
    individuals: await Promise.all(ids.map((each) => store.individualEnrollment(each))),
    enrolled: await store.enrolledAmong(ids),
    byKey: await Promise.all(ids.map((each) => store.enrollmentByEndorsementKey(idKey(each)))),
    byLeaf: await Promise.all(thumbprints.map(async (each) => sortedIndividuals(await store.enrollmentsByLeaf(each)))),
    groups: await Promise.all(ids.map((each) => store.enrollmentGroup(each))),
    byCertificates: sorted(await store.groupsByCertificate(thumbprints.slice(0, 2))),
    bySubject: await Promise.all(subjects.map(async (each) => sorted(await store.groupsBySubject(each)))),
    symmetric: sorted(await store.symmetricKeyGroups()),
    x509: sorted(await store.x509Groups()),
    registrations: await Promise.all(ids.map((each) => store.registration(each))),
    identities: await Promise.all(places.map((at) => store.deviceIdentity(...at))),
    twins: await Promise.all(places.map((at) => store.twin(...at))),
  };
}

it("answers any series of writes, alone and many at once, as the memory store does, also after it was opened again", async () => {
  let runs = 0;
  const groups = fc.array(fc.array(change, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(groups, async (atOnce) => {
      const options = { directory: folder, idScope: `0ne${runs++}`, commitWindowMilliseconds: 0 };
      const memory = new MemoryStore();
      const store = await openSqliteStore(options);
      for (const changes of atOnce) {
        const expected = await Promise.all(changes.map((each) => each(memory)));
        expect(await Promise.all(changes.map((each) => each(store)))).toEqual(expected);
        expect(await everything(store)).toEqual(await everything(memory));
      }
      await store.close();
      const again = await openSqliteStore(options);
      expect(await everything(again)).toEqual(await everything(memory));
      await again.close();
    }),
    { numRuns: long ? 1000 : 15 },
  );
});
