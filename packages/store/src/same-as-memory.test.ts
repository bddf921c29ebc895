import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Assignment,
  type AttestationRecord,
  type CaCertificateRecord,
  type EnrollmentFilter,
  type Expected,
  type GroupRecord,
  type IndividualRecord,
  MemoryStore,
  type Store,
  type StoreRecords,
} from "@rollcall/engine";
import { idKey } from "@rollcall/protocol";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { openStore, type StoreOptions } from "./open-store.js";
import type { Place } from "./testing/crash-lives.js";
import { assignmentOf, individualOf } from "./testing/crash-records.js";
import { postgresPrograms, startPostgres } from "./testing/postgres-server.js";

const folder = mkdtempSync(join(tmpdir(), "rollcall-same-"));
afterAll(() => rmSync(folder, { recursive: true }));

const long = process.env["ROLLCALL_TEST"] === "long";
const ids = ["a", "A", "b-1", "B-1", "b_1", "c"];
const hubs = ["h1.x", "H1.x", "h2.x"];
const etags = ["1", "2", "3"];
const thumbprints = ["AA", "BB", "CC"];
const subjects = ["3000", "3001"];
const statuses = ["enabled", "disabled"] as const;

const id = fc.constantFrom(...ids);
const etag = fc.constantFrom(...etags);
const expectedEtag = fc.option(etag, { nil: undefined });
const expected: fc.Arbitrary<Expected> = fc.oneof(
  fc.constant(undefined),
  fc.constant("absent" as const),
  etag.map((each) => ({ etag: each })),
);
const certificate = fc.record(
  { thumbprint: fc.constantFrom(...thumbprints), subject: fc.constantFrom(...subjects) },
  { requiredKeys: ["thumbprint"] },
);
const x509 = fc
  .tuple(
    fc.record({ primary: certificate, secondary: certificate }, { requiredKeys: ["primary"] }),
    fc.constantFrom("clientCertificates" as const, "signingCertificates" as const, "caReferences" as const),
  )
  .map(
    ([pair, holds]): AttestationRecord =>
      holds === "caReferences" ? { type: "x509", holds, primaryName: "ca", ...pair } : { type: "x509", holds, ...pair },
  );
const keys = fc.constant({ type: "symmetricKey" as const, primaryKey: "cA==", secondaryKey: "cw==" });
const status = fc.constantFrom(...statuses);

const individual = fc
  .record({ id, etag, status, attestation: fc.oneof(x509, keys, fc.constant(undefined)) })
  // The default is a TPM attestation with an endorsement key that only this id (case aside) has.
  .map(({ id, etag, status, attestation }): IndividualRecord => {
    const record = individualOf(id);
    const tpm = { type: "tpm" as const, endorsementKey: "AA==", endorsementKeyHash: idKey(id) };
    return { ...record, attestation: attestation ?? tpm, etag, provisioningStatus: status };
  });
const group = fc
  .record({ id, etag, status, attestation: fc.oneof(x509, keys) })
  .map(({ id, etag, status, attestation }): GroupRecord => {
    const { kind: _kind, registrationId: _id, ...base } = individualOf(id);
    return { ...base, kind: "group", enrollmentGroupId: id, attestation, etag, provisioningStatus: status };
  });
const caCertificate = fc.record({
  name: id,
  etag,
  der: fc.constant("AA=="),
  thumbprint: fc.constantFrom(...thumbprints),
  isVerified: fc.boolean(),
  createdAt: fc.constant(1),
  updatedAt: fc.constant(1),
}) satisfies fc.Arbitrary<CaCertificateRecord>;
const place = fc.record({ hub: fc.constantFrom(...hubs), deviceId: id });
const enrollment = fc.record({ kind: fc.constantFrom("individual" as const, "group" as const), id });
const assignment = fc
  .record({
    id,
    etag,
    place,
    enrollment: fc.option(enrollment, { nil: undefined }),
    parts: fc.constantFrom("all", "noTwin", "none"),
    replaces: fc.option(id, { nil: undefined }),
    removed: fc.option(place, { nil: undefined }),
    expectedEtag,
    enrollmentEtag: expectedEtag,
  })
  .map(({ id, etag, place, enrollment, parts, replaces, removed, expectedEtag, enrollmentEtag }): Assignment => {
    const { registration, identity, twin } = assignmentOf(id, 1);
    return {
      registration: { ...registration, etag, ...(enrollment && { enrollment }) },
      ...(identity && parts !== "none" && { identity: { ...identity, ...place } }),
      ...(twin && parts === "all" && { twin: { ...twin, ...place, etag } }),
      ...(replaces !== undefined && { replaces }),
      ...(removed && { removed }),
      ...(expectedEtag !== undefined && { expectedEtag }),
      ...(enrollmentEtag !== undefined && { enrollmentEtag }),
    };
  });
const twin = fc.tuple(place, etag).map(([at, next]) => ({ ...assignmentOf("a", 1).twin!, ...at, etag: next }));
const someOf = <T>(each: fc.Arbitrary<T>) => fc.array(each, { maxLength: 4 });
const records: fc.Arbitrary<StoreRecords> = fc.record(
  {
    individuals: someOf(individual),
    groups: someOf(group),
    certificates: someOf(caCertificate),
    registrations: someOf(assignment.map(({ registration }) => registration)),
    identities: someOf(place.map((at) => ({ ...assignmentOf("a", 1).identity!, ...at }))),
    twins: someOf(twin),
  },
  { requiredKeys: [] },
);

const session = fc.constantFrom(
  undefined,
  { id: "s1", subscriptions: [] },
  { id: "s1", subscriptions: [{ filter: "a", qos: 1 as const }] },
);

type Change = (store: Store) => Promise<unknown>;

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(individual, expected).map(
    (each): Change =>
      (store) =>
        store.putIndividual(...each),
  ),
  fc.tuple(group, expected).map(
    (each): Change =>
      (store) =>
        store.putGroup(...each),
  ),
  fc.tuple(caCertificate, expected).map(
    (each): Change =>
      (store) =>
        store.putCaCertificate(...each),
  ),
  fc.tuple(id, expectedEtag).map(
    (each): Change =>
      (store) =>
        store.removeIndividual(...each),
  ),
  fc.tuple(id, expectedEtag).map(
    (each): Change =>
      (store) =>
        store.removeGroup(...each),
  ),
  fc.tuple(id, expectedEtag).map(
    (each): Change =>
      (store) =>
        store.removeCaCertificate(...each),
  ),
  fc.tuple(id, expectedEtag).map(
    (each): Change =>
      (store) =>
        store.removeRegistration(...each),
  ),
  // Twice as frequent as the other changes: an assignment has the most to go wrong.
  assignment.map(
    (each): Change =>
      (store) =>
        store.saveAssignment(each),
  ),
  assignment.map(
    (each): Change =>
      (store) =>
        store.saveAssignment(each),
  ),
  fc.tuple(twin, etag).map(
    (each): Change =>
      (store) =>
        store.updateTwin(...each),
  ),
  fc.tuple(place, session, session).map(
    ([{ hub, deviceId }, expected, next]): Change =>
      (store) =>
        store.replaceSession(hub, deviceId, { expected, next }),
  ),
  place.map(
    ({ hub, deviceId }): Change =>
      (store) =>
        store.removeDevice(hub, deviceId),
  ),
  records.map(
    (each): Change =>
      (store) =>
        store.restore(each),
  ),
);

const filters: readonly EnrollmentFilter[] = [
  { limit: 9 },
  { limit: 1, after: "a" },
  { limit: 2, after: "b" },
  { limit: 9, search: "B" },
  { limit: 1, search: "_", status: "enabled" },
  { limit: 9, status: "disabled" },
];

const sorted = (groups: readonly GroupRecord[]) =>
  [...groups].sort((a, b) => (idKey(a.enrollmentGroupId) < idKey(b.enrollmentGroupId) ? -1 : 1));
const sortedIndividuals = (records: readonly IndividualRecord[]) =>
  [...records].sort((a, b) => (idKey(a.registrationId) < idKey(b.registrationId) ? -1 : 1));

/** Everything that a store returns about the ids, hubs and certificates above. */
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
    sessions: await Promise.all(places.map((at) => store.deviceAndSession(...at))),
    twins: await Promise.all(places.map((at) => store.twin(...at))),
    individualPages: await Promise.all(filters.map((each) => store.individuals(each))),
    groupPages: await Promise.all(filters.map((each) => store.groups(each))),
    certificates: await store.caCertificates(),
    certificatesByName: await Promise.all(ids.map((each) => store.caCertificate(each))),
    registrationPages: await Promise.all(filters.map((each) => store.registrations(each))),
    registrationsOf: await Promise.all(
      ids.flatMap((each) =>
        (["individual", "group"] as const).map((kind) => store.registrations({ limit: 2 }, { kind, id: each })),
      ),
    ),
    devices: await Promise.all(
      hubs.flatMap((hub) =>
        [{}, { search: "B" }, { afterDeviceId: "a" }].map((f) => store.devices(hub, { limit: 2, ...f })),
      ),
    ),
    deviceCounts: await Promise.all(hubs.map((hub) => store.deviceCount(hub))),
    hubs: [...(await store.hubsWithDevices())].sort(),
    counts: await store.counts(),
  };
}

/** Opens a store for `use`, and closes it also when `use` throws. */
async function using(options: StoreOptions, use: (store: Store) => Promise<void>) {
  const store = await openStore(options);
  try {
    await use(store);
  } finally {
    await store.close();
  }
}

let scopes = 0;

/** Compares a store with the memory store after each group of changes. The changes of a group run at the same time. */
async function isSame(place: Place, atOnce: readonly (readonly Change[])[]): Promise<void> {
  const options = { ...place, idScope: `0ne${scopes++}` };
  const memory = new MemoryStore();
  await using(options, async (store) => {
    for (const changes of atOnce) {
      const answers = await Promise.all(changes.map((each) => each(memory)));
      expect(await Promise.all(changes.map((each) => each(store)))).toEqual(answers);
      expect(await everything(store)).toEqual(await everything(memory));
    }
  });
  await using(options, async (again) => {
    expect(await everything(again)).toEqual(await everything(memory));
  });
}

describe("a store answers any series of writes as the memory store does, also after it was opened again", () => {
  it("SQLite: alone and many at once", async () => {
    const groups = fc.array(fc.array(change, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 8 });
    const place = { kind: "sqlite" as const, directory: folder, commitWindowMilliseconds: 0 };
    const property = fc.asyncProperty(groups, (atOnce) => isSame(place, atOnce));
    await fc.assert(property, { numRuns: long ? 1000 : 15 });
  });

  const programs = postgresPrograms();
  it.skipIf(programs === undefined)("PostgreSQL (needs postgresql): one by one", async () => {
    const server = await startPostgres(programs!);
    const changes = fc.array(change, { minLength: 1, maxLength: 12 });
    const place = { kind: "postgres" as const, url: server.url };
    const property = fc.asyncProperty(changes, (each) =>
      isSame(
        place,
        each.map((one) => [one]),
      ),
    );
    try {
      await fc.assert(property, { numRuns: long ? 200 : 3 });
    } finally {
      await server.stop();
    }
  });
});
