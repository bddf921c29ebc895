import { fileURLToPath } from "node:url";
import {
  type Fleet,
  type FleetReport,
  fleetEnrollments,
  formatReport,
  loadFleet,
  type RunOptions,
  runFleet,
} from "@rollcall/simulator";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startService, type TestService } from "./service.js";

const demo = fileURLToPath(new URL("../../devices/fleets/demo.yaml", import.meta.url));

let fleet: Fleet;
let service: TestService;
beforeAll(async () => {
  fleet = await loadFleet(demo);
  service = await startService({ registration: { retryAfter: 0 }, seed: fleetEnrollments(fleet) });
});
afterAll(() => service[Symbol.asyncDispose]());

function run(options: Partial<RunOptions> = {}): Promise<FleetReport> {
  const { mqtt, https, idScope } = service;
  const target = { host: mqtt.host, idScope, ca: mqtt.ca, mqttPort: mqtt.port, httpsPort: https.port };
  return runFleet(fleet, { target, findingOf, ...options });
}

async function findingOf({ trackingId, registrationId }: { trackingId?: string; registrationId: string }) {
  return (await service.attempt(trackingId ?? registrationId))?.findings[0]?.code;
}

describe("the demo fleet against a service", () => {
  it("ends with fifty devices assigned with their twins, three refused for the expected reasons, nothing left open", async () => {
    const progress: string[] = [];
    const report = await run({ onProgress: ({ done, total }) => progress.push(`${done}/${total}`) });
    expect(report.devices.filter((device) => device.unexpected !== undefined)).toEqual([]);
    expect(report.counts).toEqual({
      devices: 53,
      assigned: 50,
      twinRead: 50,
      refusedAsExpected: 3,
      unexpected: 0,
      interrupted: 0,
    });
    expect(report.devices.map(({ registrationId }) => registrationId)).toEqual(
      fleet.devices.map((device) => device.registrationId),
    );
    const findings = report.devices.flatMap(({ end }) => (end.outcome === "refused" ? [end.finding] : []));
    expect(findings).toEqual(["chain.issuerMissing", "leaf.thumbprintMismatch", "enrollment.disabled"]);
    expect(progress.at(-1)).toBe("53/53");
    expect(formatReport(report)).toMatch(/\n50 devices registered in \d+\.\ds, 3 refused as expected$/);
    await service.untilEmpty();
  });

  it("measures each phase where it takes place", async () => {
    const { attestations } = await run({ concurrency: 53, handshakes: 4 });
    const common = ["turn", "tls", "connack", "suback", "register", "wait", "poll", "assigned", "hubConnect", "twin"];
    expect(Object.keys(attestations.x509?.phases ?? {})).toEqual(common);
    expect(Object.keys(attestations.symmetricKey?.phases ?? {})).toEqual(common);
    expect(attestations.tpm?.phases).toMatchObject({
      challenge: { count: 6 },
      assigned: { count: 6 },
      suback: { count: 3 },
    });
    expect(attestations.x509?.phases.assigned?.count).toBe(26);
    await service.untilEmpty();
  });

  it("stops at the assignment when the hubs are left out", async () => {
    const report = await run({ hub: false });
    expect(report.counts).toMatchObject({ assigned: 50, twinRead: 0, refusedAsExpected: 3, unexpected: 0 });
    expect(report.phases).not.toHaveProperty("hubConnect");
    expect(formatReport(report)).not.toContain("twin");
    await service.untilEmpty();
  });

  it("starts devices at a rate, with the same result", async () => {
    const report = await run({ rate: 100 });
    expect(report.counts).toMatchObject({ assigned: 50, twinRead: 50, refusedAsExpected: 3, unexpected: 0 });
    await service.untilEmpty();
  });

  it("stops on request, reports its progress, and leaves nothing open", async () => {
    const abort = new AbortController();
    const onProgress = ({ done }: { done: number }) => done === 10 && abort.abort(new Error("enough"));
    const report = await run({ concurrency: 10, signal: abort.signal, onProgress });
    expect(report.interrupted).toBe(true);
    expect(report.devices).toHaveLength(53);
    expect(report.counts.interrupted).toBeGreaterThan(0);
    expect(report.counts.unexpected).toBe(0);
    expect(formatReport(report)).toContain(`stopped with ${report.counts.interrupted} not done`);
    await service.untilEmpty();
  });

  it("does not start when it is stopped already", async () => {
    const report = await run({ signal: AbortSignal.abort() });
    expect(report.counts).toMatchObject({ assigned: 0, interrupted: 53, unexpected: 0 });
  });

  it("notices devices that are not enrolled as the fleet file says", async () => {
    const strangers: Fleet = {
      ...fleet,
      devices: fleet.devices.slice(0, 3).map((device) => ({ ...device, registrationId: `${device.registrationId}-x` })),
    };
    const { mqtt, https, idScope } = service;
    const target = { host: mqtt.host, idScope, ca: mqtt.ca, mqttPort: mqtt.port, httpsPort: https.port };
    const report = await runFleet(strangers, { target });
    expect(report.counts).toMatchObject({ assigned: 0, unexpected: 3 });
  });

  it("notices a twin that is not the prescribed one, and a refusal for another reason", async () => {
    const [device] = fleet.devices;
    const stray = fleet.devices.find(({ registrationId }) => registrationId === "line-without-intermediate");
    if (!device || !stray) throw new Error("the demo fleet has changed");
    const odd: Fleet = {
      ...fleet,
      devices: [
        { ...device, desired: { mode: "another" } },
        { ...stray, expect: { outcome: "refused", finding: "leaf.expired", errorCode: 401002 } },
      ],
    };
    const { mqtt, https, idScope } = service;
    const target = { host: mqtt.host, idScope, ca: mqtt.ca, mqttPort: mqtt.port, httpsPort: https.port };
    const report = await runFleet(odd, { target, findingOf });
    expect(report.devices.map(({ unexpected }) => unexpected)).toEqual([
      "its desired properties are not those of its enrollment",
      "refused because of chain.issuerMissing instead of leaf.expired",
    ]);
  });

  it.each(["rate", "concurrency", "handshakes", "timeout"])("does not start with a %s of zero", async (name) => {
    await expect(run({ [name]: 0 })).rejects.toThrow(`${name} must be more than 0`);
  });

  it("does not touch a target that is not this machine", async () => {
    const target = { host: "global.azure-devices-provisioning.net", idScope: "0ne", ca: service.mqtt.ca };
    await expect(run({ target })).rejects.toThrow("is a service of Microsoft Azure");
  });
});
