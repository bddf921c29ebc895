import type { Rollcall } from "@rollcall/service";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startService } from "./conformance-service.js";
import { type FixedPorts, probeFixedPorts, skipWithout } from "./fixed-ports.js";
import type { Fleet } from "./fleet.js";
import { type JavaSdk, prepareJavaSdk, runJavaClient, type TrustStore, trustStoreOf } from "./java-sdk.js";
import { runNodeDevice } from "./node-device.js";
import { devices, enrollServiceSdkFleet, groupIds, individualIds } from "./service-sdk-fleet.js";

const notFound = "ProvisioningServiceClientNotFoundException";

describe("the unmodified Java service SDK, of api-version 2019-03-31", () => {
  let ports: FixedPorts;
  let service: Rollcall;
  let fleet: Fleet;
  let sdk: JavaSdk;
  let trust: TrustStore | undefined;

  beforeAll(async () => {
    sdk = await prepareJavaSdk();
    ports = await probeFixedPorts();
    fleet = await enrollServiceSdkFleet();
    service = await startService({ ports, seed: {} });
    if ("classPath" in sdk) trust = await trustStoreOf(service.info.caPath);
  }, 300_000);
  afterAll(async () => {
    await service?.stop();
    trust?.remove();
  });

  /** One run of `clients/JavaService.java`; what the act returned. The SDK refuses a port in the connection string. */
  async function operate(act: string, job: object): Promise<unknown> {
    const { connectionString, caPath } = service.info;
    const result = await runJavaClient("JavaService", {
      sdk,
      trust,
      caPath,
      job: { act, connectionString, ...job },
      timeoutMs: 120_000,
    });
    // The client reports by the name of its act.
    return (result as Record<string, unknown>)[act];
  }
  const skipIfImpossible = (skip: (reason: string) => void) => {
    if ("missing" in sdk) skip(sdk.missing);
    skipWithout(ports, 443, skip);
  };

  test("creates, reads, updates with the etag, is refused with the old one, and reads the keys", async ({ skip }) => {
    skipIfImpossible(skip);
    const lives = await operate("create", { individuals: fleet.seed.enrollments, groups: fleet.seed.enrollmentGroups });
    const life = (mechanism: object) => ({
      created: expect.stringMatching(/^"[^"]+"$/),
      updated: expect.stringMatching(/^"[^"]+"$/),
      tags: { changed: "yes" },
      overtaken: "ProvisioningServiceClientPreconditionFailedException",
      createdAgain: "ProvisioningServiceClientBadUsageException",
      mechanism,
    });
    const x509 = { type: "X509", sha256: expect.stringMatching(/^[0-9A-F]{64}$/) };
    const attestationOf = (id: string) =>
      fleet.seed.enrollments?.find((each) => each.registrationId === id)?.attestation ??
      fleet.seed.enrollmentGroups?.find((each) => each.enrollmentGroupId === id)?.attestation;
    const keys = (id: string) => {
      const attestation = attestationOf(id);
      return { type: "SYMMETRIC_KEY", ...(attestation?.type === "symmetricKey" ? attestation.symmetricKey : {}) };
    };
    const tpm = attestationOf("tpm-1");
    expect(lives).toEqual({
      "Leaf-1": life(x509),
      "key:1": life(keys("key:1")),
      "tpm-1": life({ type: "TPM", ...(tpm?.type === "tpm" && tpm.tpm) }),
      "x509-root": life(x509),
      "key-derived": life(keys("key-derived")),
    });
  });

  test("runs bulk operations, and reads the type of each query's entries", async ({ skip }) => {
    skipIfImpossible(skip);
    expect(await operate("query", {})).toEqual({
      bulk: ["true 0", "false 3", "true 0", "true 0"],
      individuals: ["2 ENROLLMENT", "1 ENROLLMENT"],
      groups: ["2 ENROLLMENT_GROUP"],
    });
  });

  test("devices register by its enrollments; it reads and deletes their registrations, and deletes the enrollments", async ({
    skip,
  }) => {
    skipIfImpossible(skip);
    for (const registrationId of devices) {
      const { registered } = await runNodeDevice(service, { transport: "mqtt", device: fleet.device(registrationId) });
      expect(registered).toMatchObject({ registrationId, status: "assigned" });
    }
    const state = (id: string) => [id, `ASSIGNED ${service.info.hubs[0]} ${fleet.device(id).deviceId}`];
    expect(await operate("registrations", { registrationIds: devices, enrollmentGroupId: "key-derived" })).toEqual({
      states: Object.fromEntries(devices.map(state)),
      listed: ["1 DEVICE_REGISTRATION", "1 DEVICE_REGISTRATION"],
      forgotten: notFound,
    });
    const gone = await operate("delete", { individualIds, groupIds });
    expect(gone).toEqual(Object.fromEntries([...individualIds, ...groupIds].map((id) => [id, notFound])));
    const refused = await runNodeDevice(service, { transport: "mqtt", device: fleet.device("key:1") });
    expect(refused.error).toBeDefined();
  });
});
