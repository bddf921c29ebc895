import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EnrollmentGroupInput, IndividualEnrollmentInput } from "@rollcall/protocol";
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

describe("the unmodified Python service SDK, of api-version 2018-09-01-preview", () => {
  let service: Rollcall;
  let fleet: Fleet;
  let sdk: PythonSdk;
  let lives: Readonly<Record<string, Life>> = {};
  // Stored on disk, while the services of the other SDKs use memory.
  const location = mkdtempSync(join(tmpdir(), "rollcall-service-sdk-"));

  beforeAll(async () => {
    sdk = await installPythonSdk("service");
    fleet = await enrollServiceSdkFleet();
    service = await startService({ ports: await probeFixedPorts(), seed: {}, location });
  }, 120_000);
  afterAll(async () => {
    await service?.stop();
    rmSync(location, { recursive: true, force: true });
  });

  /** One run of `clients/python_service.py`; what the act returned. This SDK takes a port in the connection string. */
  async function operate<T>(act: string, job: object): Promise<T> {
    const { connectionString, caPath } = service.info;
    const result = await runPythonClient("service", sdk, { caPath, job: { act, connectionString, ...job } });
    // The client reports by the name of its act.
    return (result as Record<string, unknown>)[act] as T;
  }
  const skipWithoutSdk = (skip: (reason: string) => void) => {
    if ("missing" in sdk) skip(sdk.missing);
  };
  const seedOf = (id: string): IndividualEnrollmentInput | EnrollmentGroupInput | undefined =>
    fleet.seed.enrollments?.find((each) => each.registrationId === id) ??
    fleet.seed.enrollmentGroups?.find((each) => each.enrollmentGroupId === id);

  test("creates, reads, updates with the etag, is refused with the old one, and reads the keys", async ({ skip }) => {
    skipWithoutSdk(skip);
    lives = await operate("create", { individuals: fleet.seed.enrollments, groups: fleet.seed.enrollmentGroups });
    expect(Object.keys(lives).sort()).toEqual([...individualIds, ...groupIds].sort());
    const refused = { message: "Service Error 412 - Precondition Failed", errorCode: 412001 };
    for (const [
      id,
      { created, read, updated, overtaken, createdAgain, unchanged, notDeleted, mechanism },
    ] of Object.entries(lives)) {
      expect(created).toEqual(read);
      expect(read).toMatchObject({ provisioningStatus: "enabled", etag: expect.stringMatching(/^"[^"]+"$/) });
      expect(updated).toMatchObject({
        attestation: read["attestation"],
        createdDateTimeUtc: read["createdDateTimeUtc"],
        initialTwin: { tags: { changed: "yes" }, properties: { desired: { interval: 7 } } },
      });
      expect(updated["etag"]).not.toBe(read["etag"]);
      expect([overtaken, notDeleted], id).toEqual([refused, refused]);
      const exists = individualIds.includes(id) ? 409201 : 409202;
      expect(createdAgain, id).toEqual({ message: "Service Error 409 - Conflict", errorCode: exists });
      expect(unchanged).toEqual(updated);
      const enrolled = seedOf(id)?.attestation;
      expect(mechanism).toEqual(enrolled?.type === "x509" ? read["attestation"] : enrolled);
      const hasKeys = JSON.stringify([created, read, updated]).includes("primaryKey");
      expect(hasKeys, id).toBe(false);
    }
  });

  test("runs bulk operations, and queries page by page", async ({ skip }) => {
    skipWithoutSdk(skip);
    const { bulk, individuals, groups } = await operate<{ bulk: Body[]; individuals: Pages; groups: Pages }>(
      "query",
      {},
    );
    const good = { isSuccessful: true, errors: [] };
    const exists = [0, 1, 2].map((n) => ({
      registrationId: `bulk-${n}`,
      errorCode: 409201,
      errorStatus: "Already exists.",
    }));
    expect(bulk).toEqual([good, { isSuccessful: false, errors: exists }, good]);
    expect(individuals.sizes).toEqual([2, 1]);
    expect(individuals.items).toEqual(["key:1", "Leaf-1", "tpm-1"].map((id) => lives[id]?.updated));
    expect(groups.items).toEqual(["key-derived", "x509-root"].map((id) => lives[id]?.updated));
  });

  test("devices register by its enrollments; it reads and deletes their registrations, and deletes the enrollments", async ({
    skip,
  }) => {
    skipWithoutSdk(skip);
    for (const registrationId of devices) {
      const { registered } = await runNodeDevice(service, { transport: "mqtt", device: fleet.device(registrationId) });
      expect(registered).toMatchObject({ registrationId, status: "assigned" });
    }
    const { states, forgotten } = await operate<{ states: Body[]; forgotten: Body }>("registrations", {
      registrationIds: devices,
    });
    expect(states).toEqual(
      devices.map((registrationId) =>
        expect.objectContaining({
          registrationId,
          deviceId: fleet.device(registrationId).deviceId,
          assignedHub: service.info.hubs[0],
          status: "assigned",
        }),
      ),
    );
    const notFound = (errorCode: number) => ({ message: "Service Error 404 - Not Found", errorCode });
    expect(forgotten).toEqual(notFound(404201));
    const gone = await operate("delete", { individualIds, groupIds });
    expect(gone).toEqual({ individual: notFound(404201), group: notFound(404202) });
    const refused = await runNodeDevice(service, { transport: "mqtt", device: fleet.device("key:1") });
    expect(refused.error).toBeDefined();
  });
});
