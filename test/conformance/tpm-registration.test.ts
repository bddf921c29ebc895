import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Rollcall } from "@rollcall/service";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { temporaryFolder } from "../cli/run-cli.js";
import { startService } from "./conformance-service.js";
import { type FixedPorts, probeFixedPorts, skipWithout } from "./fixed-ports.js";
import { runNodeDevice } from "./node-device.js";
import { endTpm, enrollmentOf, hasTpmOfItsOwn, type ServedTpm, serveTpm, tpmPlaces } from "./served-tpm.js";

describe("the unmodified Node SDK registers over HTTPS with a TPM that rollcall serves", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let ports: FixedPorts;
  let service: Rollcall | undefined;
  const served = new Map<string, ServedTpm>();

  beforeAll(async () => {
    folder = await temporaryFolder();
    ports = await probeFixedPorts();
    for (const place of tpmPlaces) served.set(place.title, await serveTpm(place, folder.path));
    const enrollments = [...served.values()].map(enrollmentOf);
    service = await startService({ ports, seed: { enrollments, enrollmentGroups: [] } });
  });
  afterAll(async () => {
    await service?.stop();
    for (const tpm of served.values()) await endTpm(tpm);
    await folder?.[Symbol.asyncDispose]();
  });

  test.for(tpmPlaces)("port $title", { timeout: 60_000 }, async ({ title, port, state }, { skip }) => {
    const device = served.get(title);
    if (device === undefined || service === undefined) throw new Error("nothing was set up");
    skipWithout(ports, 443, skip);
    if (device.refused !== undefined) skip(device.refused);
    if (hasTpmOfItsOwn()) skip("this machine has a TPM of its own");
    const steps: string[] = [];
    const { registered, visited, error } = await runNodeDevice(service, {
      transport: "http",
      device: {
        registrationId: device.registrationId,
        // `new TpmSecurityClient()` finds 2323 by itself.
        attestation: { type: "tpm", served: port === 2321 ? 2321 : "where the SDK looks" },
      },
      hub: { telemetry: 2 },
      watchHttp: true,
      onStep: async (step) => {
        steps.push(step);
        if (step !== "reported") return;
        await service?.hub.patchDesired({ hub: "127.0.0.1", deviceId: `device-${state}` }, { seen: true });
      },
    });
    expect(error).toBeUndefined();
    expect(registered).toMatchObject({ status: "assigned", deviceId: `device-${state}`, assignedHub: "127.0.0.1" });
    // The challenge, then the registration with a token that only the activated key can sign.
    expect(steps.slice(0, 2)).toEqual(["PUT 401", "PUT 202"]);
    // The hub's key is in the TPM too: the hub accepted the token that it signed.
    expect(visited?.updated).toMatchObject({ seen: true });
    expect(existsSync(join(folder.path, state, "tpm.json"))).toBe(true);
  });
});
