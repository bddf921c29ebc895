import type { Rollcall } from "@rollcall/service";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startService } from "./conformance-service.js";
import { probeFixedPorts } from "./fixed-ports.js";
import type { Fleet } from "./fleet.js";
import { runNodeDevice } from "./node-device.js";
import { installPythonSdk, type PythonSdk, runPythonClient } from "./python-sdk.js";
import {
  type Body,
  devices,
  enrollServiceSdkFleet,
  groupIds,
  individualIds,
  type Life,
  type Pages,
} from "./service-sdk-fleet.js";

/** The exceptions are those of the package azure-core, which has no class for 412. */
const refused = (type: string, errorCode: number) => ({ type, status: Math.floor(errorCode / 1000), errorCode });
const overtakenBy = refused("HttpResponseError", 412001);
const notFound = (errorCode: number) => refused("ResourceNotFoundError", errorCode);

describe("the unmodified Python service SDK of api-version 2021-10-01", () => {
  let service: Rollcall;
  let fleet: Fleet;
  let sdk: PythonSdk;
  let lives: Readonly<Record<string, Life & { readonly malformed: Body }>> = {};

  beforeAll(async () => {
    sdk = await installPythonSdk("service2021");
    fleet = await enrollServiceSdkFleet();
    service = await startService({ ports: await probeFixedPorts(), seed: {} });
  }, 120_000);
  afterAll(() => service?.stop());

  /** One run of `clients/python_service_2021.py`; what the act returned. This SDK takes a port in the connection string. */
  async function operate<T>(act: string, job: object): Promise<T> {
    const { connectionString, caPath } = service.info;
    const result = await runPythonClient("service2021", sdk, { caPath, job: { act, connectionString, ...job } });
    // The client reports by the name of its act.
    return (result as Record<string, unknown>)[act] as T;
  }
  const skipWithoutSdk = (skip: (reason: string) => void) => {
    if ("missing" in sdk) skip(sdk.missing);
  };

  test("creates, reads, updates with the etag, is refused with the old one, and reads the keys", async ({ skip }) => {
    skipWithoutSdk(skip);
    const { enrollments = [], enrollmentGroups = [] } = fleet.seed;
    lives = await operate("create", { individuals: enrollments, groups: enrollmentGroups });
    expect(Object.keys(lives).sort()).toEqual([...individualIds, ...groupIds].sort());
    const attestations = new Map([
      ...enrollments.map((each) => [each.registrationId, each.attestation] as const),
      ...enrollmentGroups.map((each) => [each.enrollmentGroupId, each.attestation] as const),
    ]);
    for (const [
      id,
      { created, read, updated, overtaken, createdAgain, unchanged, malformed, notDeleted, mechanism },
    ] of Object.entries(lives)) {
      expect(created).toEqual(read);
      expect(read).toMatchObject({ provisioningStatus: "enabled", etag: expect.stringMatching(/^"[^"]+"$/) });
      expect(updated).toEqual({
        ...read,
        initialTwin: { tags: { changed: "yes" }, properties: { desired: { interval: 7 } } },
        etag: expect.stringMatching(/^"[^"]+"$/),
        lastUpdatedDateTimeUtc: expect.any(String),
      });
      expect(updated["etag"]).not.toBe(read["etag"]);
      expect([overtaken, notDeleted], id).toEqual([overtakenBy, overtakenBy]);
      // Without if_match it creates only, whatever etag stands in the body.
      const exists = individualIds.includes(id) ? 409201 : 409202;
      expect(createdAgain, id).toEqual(refused("ResourceExistsError", exists));
      expect(unchanged).toEqual(updated);
      expect(malformed, id).toEqual(refused("HttpResponseError", 400004));
      const enrolled = attestations.get(id);
      expect(mechanism).toEqual(enrolled?.type === "x509" ? read["attestation"] : enrolled);
      expect(JSON.stringify([created, read, updated]), id).not.toContain("primaryKey");
    }
  });

  test("runs bulk operations on both kinds, and queries page by page", async ({ skip }) => {
    skipWithoutSdk(skip);
    const { bulk, groupBulk, individuals, groups } = await operate<{
      readonly bulk: readonly Body[];
      readonly groupBulk: readonly Body[];
      readonly individuals: Pages;
      readonly groups: Pages;
    }>("query", {});
    const good = { isSuccessful: true, errors: [] };
    const bad = (member: string, errorCode: number, errorStatus: unknown) => ({
      isSuccessful: false,
      errors: [0, 1, 2].map((n) => ({ [member]: `bulk-${n}`, errorCode, errorStatus })),
    });
    const answers = (member: string) => [
      good,
      bad(member, member === "registrationId" ? 409201 : 409202, "Already exists."),
      good,
      bad(member, 400004, expect.stringMatching(/etag.*updateIfMatchETag/)),
      good,
    ];
    expect(bulk).toEqual(answers("registrationId"));
    expect(groupBulk).toEqual(answers("enrollmentGroupId"));
    expect(individuals.sizes).toEqual([2, 1]);
    expect(individuals.items).toEqual(["key:1", "Leaf-1", "tpm-1"].map((id) => lives[id]?.updated));
    expect(groups.items).toEqual(["key-derived", "x509-root"].map((id) => lives[id]?.updated));
  });

  test("devices register by its enrollments; it reads, lists and deletes their registrations, and deletes the enrollments", async ({
    skip,
  }) => {
    skipWithoutSdk(skip);
    for (const registrationId of devices) {
      const { registered } = await runNodeDevice(service, { transport: "mqtt", device: fleet.device(registrationId) });
      expect(registered).toMatchObject({ registrationId, status: "assigned" });
    }
    const { states, derived, overtaken, forgotten } = await operate<{
      readonly states: Readonly<Record<string, Body>>;
      readonly derived: Pages;
      readonly overtaken: Body;
      readonly forgotten: Body;
    }>("registrations", { registrationIds: devices });
    for (const registrationId of devices) {
      expect(states[registrationId]).toMatchObject({
        registrationId,
        deviceId: fleet.device(registrationId).deviceId,
        assignedHub: service.info.hubs[0],
        status: "assigned",
        substatus: "initialAssignment",
      });
    }
    expect(derived).toEqual({ sizes: [1, 1], items: [states["derived-1"], states["derived-2"]] });
    expect(overtaken).toEqual(overtakenBy);
    expect(forgotten).toEqual(notFound(404201));
    expect(await operate("delete", { individualIds, groupIds })).toEqual({
      individual: notFound(404201),
      group: notFound(404202),
      signed: notFound(404201),
      stranger: refused("ClientAuthenticationError", 401000),
    });
    const late = await runNodeDevice(service, { transport: "mqtt", device: fleet.device("key:1") });
    expect(late.error).toBeDefined();
  });
});
