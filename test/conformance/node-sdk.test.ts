import type { JsonObject } from "@rollcall/protocol";
import type { Rollcall } from "@rollcall/service";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { keyAndCertificateRows, swtpmRow, tpmRow } from "./attestations.js";
import { startService } from "./conformance-service.js";
import { type FixedPorts, probeFixedPorts, skipWithout } from "./fixed-ports.js";
import { desiredOf, enrollFleet, type Fleet, type Squad } from "./fleet.js";
import { type NodeTransport, nodeTransports, runNodeDevice } from "./node-device.js";
import { type Swtpm, startSwtpm, swtpmProgram } from "./swtpm.js";

const TELEMETRY = 3;
const HUB = "127.0.0.1";

const registrationIdOf = (name: string, transport: NodeTransport) => `${name}-over-${transport}`;

const rows = keyAndCertificateRows.map((row) => ({ row, over: ["mqtt", "mqtt-ws", "http"] as const }));
const tpmTransports = ["http", "mqtt-tpm"] as const;
const cases = [...rows, { row: tpmRow, over: tpmTransports }].flatMap(({ row, over }) =>
  over.map((transport) => ({ row, transport, title: `${row.title}, over ${nodeTransports[transport].title}` })),
);

describe("a device of the unmodified Node SDK is assigned and served by its hub", () => {
  let ports: FixedPorts;
  let service: Rollcall;
  let fleet: Fleet;
  let visits = 0;
  const swtpms = new Map<NodeTransport, Swtpm>();

  beforeAll(async () => {
    ports = await probeFixedPorts();
    const squads: Squad[] = [...rows, { row: tpmRow, over: tpmTransports }].map(({ row, over }) => ({
      row,
      registrationIds: over.map((transport) => registrationIdOf(row.name, transport)),
    }));
    for (const transport of swtpmProgram === undefined ? [] : tpmTransports) {
      const swtpm = await startSwtpm();
      swtpms.set(transport, swtpm);
      squads.push({ row: swtpmRow(swtpm), registrationIds: [registrationIdOf("swtpm", transport)] });
    }
    fleet = await enrollFleet(squads);
    service = await startService({ ports, seed: fleet.seed });
  });
  afterAll(async () => {
    await service?.stop();
    for (const swtpm of swtpms.values()) await swtpm.stop();
  });

  /** The test's part of a visit: checks the reported properties, then changes the desired properties as an operator. */
  async function operate(registrationId: string): Promise<void> {
    const device = { hub: HUB, deviceId: fleet.device(registrationId).deviceId };
    const twin = await service.hub.twin(device);
    expect(twin.body).toMatchObject({ reported: { conformance: registrationId, $version: 2 } });
    expect(await service.hub.patchDesired(device, { interval: null, operator: registrationId })).toBe(2);
  }

  async function check(name: string, transport: NodeTransport, desired: JsonObject): Promise<void> {
    const registrationId = registrationIdOf(name, transport);
    const device = fleet.device(registrationId);
    const { visited, ...outcome } = await runNodeDevice(service, {
      transport,
      device,
      hub: { telemetry: TELEMETRY },
      onStep: () => operate(registrationId),
    });
    visits++;
    expect(outcome).toEqual({
      registered: expect.objectContaining({
        registrationId,
        assignedHub: HUB,
        deviceId: device.deviceId,
        status: "assigned",
        substatus: "initialAssignment",
      }),
    });
    expect(visited).toEqual({
      read: { ...desired, $version: 1 },
      updated: { interval: null, operator: registrationId, $version: 2 },
    });
  }

  for (const { row, transport, title } of cases) {
    test.concurrent(title, async ({ skip }) => {
      skipWithout(ports, nodeTransports[transport].fixed, skip);
      await check(row.name, transport, desiredOf(row));
    });
  }

  for (const transport of tpmTransports) {
    test.concurrent(`individual enrollment, swtpm, over ${nodeTransports[transport].title}`, async ({ skip }) => {
      if (swtpmProgram === undefined) skip("swtpm is not installed");
      skipWithout(ports, nodeTransports[transport].fixed, skip);
      await check("swtpm", transport, desiredOf({ name: "swtpm" }));
    });
  }

  test("every message of every device was counted", () => {
    expect(service.hub.telemetryCount).toBe(visits * TELEMETRY);
  });

  test("nothing remains open after the devices have left", async () => {
    const nothing = { connections: 0, sessions: 0, challengeSessions: 0, timers: 0, webhookCalls: 0 };
    await vi.waitFor(() => expect(service.stats()).toMatchObject(nothing), { timeout: 10_000, interval: 20 });
  });
});
