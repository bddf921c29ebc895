import { fileURLToPath } from "node:url";
import type { EnrollmentGroupInput, IndividualEnrollmentInput } from "@rollcall/protocol";
import type { Rollcall } from "@rollcall/service";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AttestationRow, keyAndCertificateRows, tpmRow } from "./attestations.js";
import { causeOf, startService } from "./conformance-service.js";
import { type FixedPorts, probeFixedPorts, skipWithout } from "./fixed-ports.js";
import { enrollFleet, type Fleet } from "./fleet.js";
import { runNodeDevice } from "./node-device.js";
import { type ClientError, runClient } from "./run-client.js";

const row = (name: string): AttestationRow => {
  const found = [...keyAndCertificateRows, tpmRow].find((each) => each.name === name);
  if (!found) throw new Error(`there is no row ${name}`);
  return found;
};

const squads = [
  { row: row("x509-primary"), registrationIds: ["Leaf-1"] },
  { row: row("key-primary"), registrationIds: ["key:1"] },
  { row: row("tpm"), registrationIds: ["tpm-1"] },
  { row: row("x509-root"), registrationIds: ["chained-1"] },
  { row: row("key-derived"), registrationIds: ["derived-1", "derived-2"] },
];
const individualIds = ["Leaf-1", "key:1", "tpm-1"];
const groupIds = ["x509-root", "key-derived"];
const allDevices = squads.flatMap((squad) => squad.registrationIds);

type Body = Record<string, unknown>;
interface Refusal {
  readonly name: string;
  readonly statusCode: number;
  readonly responseBody: string;
}
interface Life {
  readonly created: Body;
  readonly read: Body;
  readonly updated: Body;
  readonly overtaken: Refusal;
  readonly createdAgain: Refusal;
  readonly unchanged: Body;
  readonly notDeleted: Refusal;
  readonly mechanism: Body;
}
interface Pages {
  readonly sizes: readonly number[];
  readonly items: readonly Body[];
}

/** An etag as the service writes it: quotes inside the text. */
const etag = expect.stringMatching(/^"[^"]+"$/);
const date = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/);

/** Everything of wire.md#certificate-info; Java throws when one is missing. */
const info = {
  subjectName: expect.stringMatching(/^CN=/),
  sha1Thumbprint: expect.stringMatching(/^[0-9A-F]{40}$/),
  sha256Thumbprint: expect.stringMatching(/^[0-9A-F]{64}$/),
  issuerName: expect.stringMatching(/^CN=/),
  notBeforeUtc: expect.stringMatching(/Z$/),
  notAfterUtc: expect.stringMatching(/Z$/),
  serialNumber: expect.stringMatching(/^[0-9A-F]+$/),
  version: 3,
};

describe("the unmodified Node service SDK", () => {
  let ports: FixedPorts;
  let service: Rollcall;
  let fleet: Fleet;
  let lives: Readonly<Record<string, Life>>;

  beforeAll(async () => {
    ports = await probeFixedPorts();
    fleet = await enrollFleet(squads);
    service = await startService({ ports, seed: {} });
  });
  afterAll(async () => {
    await service?.stop();
  });

  /** One run of `clients/service-sdk.mjs`; what the act returned. */
  async function operate<T>(act: string, job: object): Promise<T> {
    const client = fileURLToPath(new URL("clients/service-sdk.mjs", import.meta.url));
    // The connection string has no port for 443; `localhost` checks the certificate's name too.
    const connectionString = service.info.connectionString.replace("127.0.0.1", "localhost");
    const result = await runClient({
      command: [process.execPath, client],
      caPath: service.info.caPath,
      job: { act, connectionString, ...job },
    });
    expect(result.error).toBeUndefined();
    // The client reports each step by the name of its act.
    return (result as Record<string, unknown>)[act] as T;
  }

  const lifeOf = (id: string): Life => {
    const life = lives[id];
    if (!life) throw new Error(`nothing is known of ${id}`);
    return life;
  };
  const seedOf = (id: string): IndividualEnrollmentInput | EnrollmentGroupInput | undefined =>
    fleet.seed.enrollments?.find((each) => each.registrationId === id) ??
    fleet.seed.enrollmentGroups?.find((each) => each.enrollmentGroupId === id);

  test("creates individual enrollments and groups", async ({ skip }) => {
    skipWithout(ports, 443, skip);
    lives = await operate("create", { individuals: fleet.seed.enrollments, groups: fleet.seed.enrollmentGroups });
    for (const id of [...individualIds, ...groupIds]) {
      const { created, read } = lifeOf(id);
      const seed = seedOf(id);
      expect(created).toEqual(read);
      expect(read).toMatchObject({
        [individualIds.includes(id) ? "registrationId" : "enrollmentGroupId"]: id,
        capabilities: { iotEdge: false },
        provisioningStatus: "enabled",
        reprovisionPolicy: { updateHubAssignment: true, migrateDeviceData: true },
        initialTwin: seed?.initialTwin,
        etag,
        createdDateTimeUtc: date,
        lastUpdatedDateTimeUtc: date,
      });
      expect(Object.keys(read)).not.toContain("registrationState");
    }
  });

  test("gets keys and certificates only from attestationmechanism", ({ skip }) => {
    skipWithout(ports, 443, skip);
    for (const id of ["key:1", "key-derived"]) {
      const { created, read, updated, mechanism } = lifeOf(id);
      for (const answer of [created, read, updated]) {
        expect(answer["attestation"], id).toEqual({ type: "symmetricKey" });
        expect(Object.keys(answer)).not.toContain("symmetricKey");
      }
      expect(mechanism).toEqual(seedOf(id)?.attestation);
    }
    expect(lifeOf("Leaf-1").mechanism).toEqual(lifeOf("Leaf-1").read["attestation"]);
    expect(lifeOf("Leaf-1").read["attestation"]).toEqual({
      type: "x509",
      x509: { clientCertificates: { primary: { info }, secondary: { info } } },
    });
    expect(lifeOf("x509-root").read["attestation"]).toEqual({
      type: "x509",
      x509: { signingCertificates: { primary: { info } } },
    });
    expect(lifeOf("tpm-1").mechanism).toEqual(seedOf("tpm-1")?.attestation);
  });

  test("updates with the etag that it read, and is refused with the same etag the next time", ({ skip }) => {
    skipWithout(ports, 443, skip);
    const refused = {
      name: "InvalidEtagError",
      statusCode: 412,
      responseBody: expect.stringContaining("412001"),
    };
    for (const id of [...individualIds, ...groupIds]) {
      const { read, updated, overtaken, createdAgain, unchanged, notDeleted } = lifeOf(id);
      expect(updated["etag"]).not.toBe(read["etag"]);
      expect(updated).toEqual({
        ...read,
        initialTwin: { tags: { changed: "yes" }, properties: { desired: { interval: 7 } } },
        etag,
        lastUpdatedDateTimeUtc: date,
      });
      expect(overtaken, id).toMatchObject(refused);
      // Without an etag the SDK sends no If-Match: that creates only.
      const exists = individualIds.includes(id) ? "409201" : "409202";
      expect(createdAgain, id).toMatchObject({ statusCode: 409, responseBody: expect.stringContaining(exists) });
      expect(unchanged).toEqual(updated);
      expect(notDeleted, id).toMatchObject(refused);
    }
  });

  test("runs bulk operations", async ({ skip }) => {
    skipWithout(ports, 443, skip);
    const enrollments = Array.from({ length: 10 }, (_, n) => ({
      registrationId: `bulk-${n}`,
      attestation: { type: "symmetricKey" },
    }));
    const { listed, createdAgain, overtaken, ...outcome } = await operate<Record<string, Body> & { listed: Pages }>(
      "bulk",
      { enrollments },
    );
    const good = { isSuccessful: true, errors: [] };
    expect(outcome).toEqual({ created: good, updated: good, deleted: good });
    const errors = (errorCode: number) =>
      enrollments.map(({ registrationId }) => ({ registrationId, errorCode, errorStatus: expect.any(String) }));
    expect(createdAgain).toEqual({ isSuccessful: false, errors: errors(409201) });
    expect(overtaken).toEqual({ isSuccessful: false, errors: errors(412001) });
    expect(listed.sizes.slice(0, 2)).toEqual([4, 4]);
    expect(listed.items.map((each) => each["registrationId"])).toEqual(enrollments.map((each) => each.registrationId));
  });

  test("queries page by page", async ({ skip }) => {
    skipWithout(ports, 443, skip);
    const { individuals, groups, unreadable } = await operate<Record<string, Pages>>("query", {});
    expect(individuals?.sizes).toEqual([2, 1]);
    expect(individuals?.items).toEqual(["key:1", "Leaf-1", "tpm-1"].map((id) => lifeOf(id).updated));
    expect(groups?.items).toEqual(["key-derived", "x509-root"].map((id) => lifeOf(id).updated));
    expect(unreadable).toEqual({ sizes: [3], items: individuals?.items });
  });

  test("devices register by its enrollments, and it reads and deletes their registrations", async ({ skip }) => {
    skipWithout(ports, 443, skip);
    for (const registrationId of allDevices) {
      const device = fleet.device(registrationId);
      const transport = registrationId === "tpm-1" ? "http" : "mqtt";
      const { registered, error } = await runNodeDevice(service, { transport, device });
      expect(error).toBeUndefined();
      expect(registered).toMatchObject({ registrationId, deviceId: device.deviceId, status: "assigned" });
      const twin = await service.store.twin(service.info.hubs[0] ?? "", device.deviceId);
      expect(twin).toMatchObject({ tags: { changed: "yes" }, desired: { interval: 7 } });
    }
    const { states, listed, forgotten } = await operate<{ states: Body[]; listed: Pages; forgotten: Refusal }>(
      "registrations",
      { registrationIds: allDevices, enrollmentGroupId: "key-derived", forget: "derived-1" },
    );
    expect(states).toEqual(
      allDevices.map((registrationId) => ({
        registrationId,
        createdDateTimeUtc: date,
        lastUpdatedDateTimeUtc: date,
        assignedHub: service.info.hubs[0],
        deviceId: fleet.device(registrationId).deviceId,
        status: "assigned",
        substatus: "initialAssignment",
        etag: expect.any(String),
      })),
    );
    expect(listed.items).toEqual(states.slice(-2));
    expect(listed.sizes).toEqual([1, 1]);
    expect(forgotten).toMatchObject({ name: "Error", statusCode: 404 });
  });

  test("a deleted enrollment is refused", async ({ skip }) => {
    skipWithout(ports, 443, skip);
    const gone = await operate("delete", { registrationIds: individualIds, enrollmentGroupIds: groupIds });
    expect(gone).toMatchObject({
      individual: { name: "Error", statusCode: 404, responseBody: expect.stringContaining("404201") },
      group: { name: "Error", statusCode: 404, responseBody: expect.stringContaining("404202") },
    });
    const causes: Record<string, string | undefined> = {};
    for (const registrationId of ["Leaf-1", "key:1", "derived-2"]) {
      const device = fleet.device(registrationId);
      const { registered, error } = await runNodeDevice(service, { transport: "mqtt", device });
      expect(registered).toBeUndefined();
      expect(error satisfies ClientError | undefined).toBeDefined();
      causes[registrationId] = causeOf(service, registrationId);
    }
    expect(causes).toMatchInlineSnapshot(`
      {
        "Leaf-1": "enrollment.notFound",
        "derived-2": "enrollment.notFound",
        "key:1": "enrollment.notFound",
      }
    `);
  });
});
