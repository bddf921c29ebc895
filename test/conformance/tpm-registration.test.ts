import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Rollcall } from "@rollcall/service";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { outcome, printed, runCli, startCli, temporaryFolder } from "../cli/run-cli.js";
import type { JobAttestation } from "./attestations.js";
import { startService } from "./conformance-service.js";
import { type FixedPorts, probeFixedPorts, skipWithout } from "./fixed-ports.js";
import { runNodeDevice } from "./node-device.js";

/** One TPM that `rollcall tpm serve` serves on one of its usual ports, and how the SDK finds it. */
interface Way {
  readonly title: string;
  readonly state: string;
  readonly flags: readonly string[];
  readonly attestation: JobAttestation;
}

const ways: readonly Way[] = [
  {
    title: "2321, the Microsoft simulator protocol",
    state: "simulator",
    flags: ["--port", "2321", "--rm-port", "0"],
    attestation: { type: "tpm", served: 2321 },
  },
  {
    title: "2323, which new TpmSecurityClient() finds by itself",
    state: "resource-manager",
    flags: ["--port", "0", "--rm-port", "2323"],
    attestation: { type: "tpm", served: "where the SDK looks" },
  },
];

interface Served extends Way {
  readonly registrationId: string;
  readonly endorsementKey: string;
  readonly child: ChildProcess;
  /** why it does not serve */
  readonly refused: string | undefined;
}

describe("the unmodified Node SDK registers over HTTPS with a TPM that rollcall serves", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let ports: FixedPorts;
  let service: Rollcall | undefined;
  const served = new Map<string, Served>();

  async function serve(way: Way): Promise<Served> {
    const cwd = folder.path;
    const created = await runCli(["tpm", "create", "--state", way.state, "--seed", way.state], { cwd });
    const values = Object.fromEntries(created.stdout.split("\n").map((line) => line.split("\t")));
    const child = startCli(["tpm", "serve", "--state", way.state, ...way.flags], { cwd });
    const { stdout, reason } = await printed(child, "stdout", /\n/).then(
      (text) => ({ stdout: text, reason: undefined }),
      (error: Error) => ({ stdout: "", reason: error.message }),
    );
    const refused = stdout.includes("127.0.0.1:") ? undefined : `its port cannot be bound: ${reason}`;
    const { registrationId = "", endorsementKey = "" } = values;
    return { ...way, registrationId, endorsementKey, child, refused };
  }

  beforeAll(async () => {
    folder = await temporaryFolder();
    ports = await probeFixedPorts();
    for (const way of ways) served.set(way.title, await serve(way));
    const enrollments = [...served.values()].map(({ registrationId, endorsementKey, state }) => ({
      registrationId,
      deviceId: `device-${state}`,
      attestation: { type: "tpm", tpm: { endorsementKey } } as const,
    }));
    service = await startService({ ports, seed: { enrollments, enrollmentGroups: [] } });
  });
  afterAll(async () => {
    await service?.stop();
    for (const { child } of served.values()) {
      const ended = outcome(child);
      if (child.exitCode === null) child.kill("SIGTERM");
      if (child.exitCode === null) await ended;
    }
    await folder?.[Symbol.asyncDispose]();
  });

  test.for(ways)("port $title", { timeout: 60_000 }, async ({ title, attestation, state }, { skip }) => {
    const device = served.get(title);
    if (device === undefined || service === undefined) throw new Error("nothing was set up");
    skipWithout(ports, 443, skip);
    if (device.refused !== undefined) skip(device.refused);
    if (["/dev/tpm0", "/dev/tpmrm0"].some((path) => existsSync(path))) skip("this machine has a TPM of its own");
    const steps: string[] = [];
    const { registered, visited, error } = await runNodeDevice(service, {
      transport: "http",
      device: { registrationId: device.registrationId, attestation },
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
    // The hub's own key came through the TPM too: the hub let the device in with what that signed.
    expect(visited?.updated).toMatchObject({ seen: true });
    expect(existsSync(join(folder.path, state, "tpm.json"))).toBe(true);
  });
});
