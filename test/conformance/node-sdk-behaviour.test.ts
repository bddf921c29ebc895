import type { Rollcall } from "@rollcall/service";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { keyAndCertificateRows } from "./attestations.js";
import { type ServiceOptions, startService } from "./conformance-service.js";
import { type FixedPorts, probeFixedPorts, skipWithout } from "./fixed-ports.js";
import { desiredOf, enrollFleet, type Fleet } from "./fleet.js";
import { type NodeTransport, nodeTransports, runNodeDevice } from "./node-device.js";

const transports = (["mqtt", "mqtt-ws", "http"] as const).map((transport) => ({
  transport,
  over: nodeTransports[transport].title,
}));
const HUB = "127.0.0.1";
const row = keyAndCertificateRows.find(({ name }) => name === "key-derived")!;

/** A service with one group of symmetric-key devices, any registration id of which will do. */
function serviceFor(registrationIds: readonly string[], options: Omit<ServiceOptions, "ports" | "seed"> = {}) {
  const context = {} as { ports: FixedPorts; service: Rollcall; fleet: Fleet };
  beforeAll(async () => {
    context.ports = await probeFixedPorts();
    context.fleet = await enrollFleet([{ row, registrationIds }]);
    context.service = await startService({ ...options, ports: context.ports, seed: context.fleet.seed });
  });
  afterAll(() => context.service?.stop());
  return context;
}

const idsFor = (...names: readonly string[]) =>
  names.flatMap((name) => transports.map(({ transport }) => `${name}-${transport}`));

describe("the unmodified Node SDK", () => {
  const context = serviceFor(idsFor("payload", "again", "one", "two", "three"));
  const device = (name: string, transport: NodeTransport) => context.fleet.device(`${name}-${transport}`);

  for (const { transport, over } of transports) {
    test.concurrent(`registers with a payload, over ${over}`, async ({ skip }) => {
      skipWithout(context.ports, nodeTransports[transport].fixed, skip);
      const payload = { modelId: "dtmi:rollcall:pump;1", ort: "Straße", nested: [1, null, { deep: true }] };
      const outcome = await runNodeDevice(context.service, {
        transport,
        device: device("payload", transport),
        payload,
      });
      expect(outcome.error).toBeUndefined();
      expect(outcome.registered).toMatchObject({ status: "assigned", assignedHub: HUB });
      // Only a custom-allocation webhook answers with one (section 1.4).
      expect(outcome.registered).not.toHaveProperty("payload");
    });
  }

  for (const { transport, over } of transports) {
    test.concurrent(`registers twice, stays on its hub and keeps its twin, over ${over}`, async ({ skip }) => {
      skipWithout(context.ports, nodeTransports[transport].fixed, skip);
      const run = { transport, device: device("again", transport), hub: { telemetry: 0 } };
      const { deviceId } = run.device;
      const operate = (value: string) => async () => {
        await context.service.hub.patchDesired({ hub: HUB, deviceId }, { value });
      };
      const first = await runNodeDevice(context.service, { ...run, onStep: operate("first") });
      expect(first.registered).toMatchObject({ substatus: "initialAssignment" });
      const second = await runNodeDevice(context.service, { ...run, again: true, onStep: operate("second") });
      expect(second).toMatchObject({
        registered: { assignedHub: HUB, deviceId, substatus: "reprovisionedToInitialAssignment" },
        registeredAgain: { assignedHub: HUB, deviceId, substatus: "reprovisionedToInitialAssignment" },
      });
      expect(second.visited).toEqual({
        read: { ...desiredOf(row), value: "first", $version: 2 },
        updated: { value: "second", $version: 3 },
      });
    });
  }

  for (const { transport, over } of transports) {
    test.concurrent(`three devices at once, over ${over}`, async ({ skip }) => {
      skipWithout(context.ports, nodeTransports[transport].fixed, skip);
      const devices = ["one", "two", "three"].map((name) => device(name, transport));
      const outcomes = await Promise.all(
        devices.map((each) => runNodeDevice(context.service, { transport, device: each })),
      );
      expect(outcomes.map(({ registered }) => registered?.deviceId)).toEqual(devices.map(({ deviceId }) => deviceId));
      expect(outcomes.map(({ registered }) => registered?.registrationId)).toEqual(
        devices.map(({ registrationId }) => registrationId),
      );
    });
  }
});
