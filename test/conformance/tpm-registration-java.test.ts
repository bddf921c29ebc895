import type { Rollcall } from "@rollcall/service";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { temporaryFolder } from "../cli/run-cli.js";
import { startService } from "./conformance-service.js";
import { type FixedPorts, probeFixedPorts, skipWithout } from "./fixed-ports.js";
import { type JavaSdk, prepareJavaSdk, runJavaClient, type TrustStore, trustStoreOf } from "./java-sdk.js";
import { endTpm, enrollmentOf, hasTpmOfItsOwn, type ServedTpm, serveTpm, tpmPlaces } from "./served-tpm.js";

describe("the Java SDK with its own TPM provider, on a TPM that rollcall serves", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let ports: FixedPorts;
  let service: Rollcall | undefined;
  let sdk: JavaSdk;
  let trust: TrustStore | undefined;
  const served = new Map<string, ServedTpm>();

  beforeAll(async () => {
    sdk = await prepareJavaSdk();
    folder = await temporaryFolder();
    ports = await probeFixedPorts();
    for (const place of tpmPlaces) served.set(place.title, await serveTpm(place, folder.path));
    const enrollments = [...served.values()].map(enrollmentOf);
    service = await startService({ ports, seed: { enrollments, enrollmentGroups: [] } });
    if ("classPath" in sdk) trust = await trustStoreOf(service.info.caPath);
  }, 300_000);
  afterAll(async () => {
    await service?.stop();
    trust?.remove();
    for (const tpm of served.values()) await endTpm(tpm);
    await folder?.[Symbol.asyncDispose]();
  });

  test.for(tpmPlaces)(
    "registers over HTTPS and is served by its hub: port $title",
    async ({ title, port, state }, { skip }) => {
      const device = served.get(title);
      if (device === undefined || service === undefined) throw new Error("nothing was set up");
      if ("missing" in sdk) skip(sdk.missing);
      for (const wanted of [443, 8883] as const) skipWithout(ports, wanted, skip);
      if (device.refused !== undefined) skip(device.refused);
      if (hasTpmOfItsOwn()) skip("this machine has a TPM of its own");
      const { registrationId } = device;
      const deviceId = `device-${state}`;
      const { info, hub } = service;
      const outcome = await runJavaClient("JavaDevice", {
        sdk,
        trust,
        tpmPort: port,
        caPath: info.caPath,
        job: {
          host: "localhost",
          idScope: info.idScope,
          transport: "HTTPS",
          registrationId,
          attestation: { type: "tpm" },
          hub: { telemetry: 2 },
        },
        onStep: async () => {
          await hub.patchDesired({ hub: "127.0.0.1", deviceId }, { operator: registrationId });
        },
        timeoutMs: 200_000,
      });
      expect(outcome).toEqual({
        registered: {
          registrationId,
          assignedHub: "127.0.0.1",
          deviceId,
          status: "PROVISIONING_DEVICE_STATUS_ASSIGNED",
          substatus: "INITIAL_ASSIGNMENT",
        },
        // The hub accepted the token that the TPM signed.
        visited: { read: { $version: 1 }, updated: { operator: registrationId, $version: 2 } },
      });
    },
  );
});
