import type { Rollcall } from "@rollcall/service";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { keyAndCertificateRows } from "./attestations.js";
import { causeOf, type ServiceOptions, startService } from "./conformance-service.js";
import { type FixedPorts, probeFixedPorts, skipWithout } from "./fixed-ports.js";
import { desiredOf, enrollFleet, type Fleet } from "./fleet.js";
import { type NodeTransport, nodeTransports, runNodeDevice } from "./node-device.js";

const transports = (["mqtt", "mqtt-ws", "http"] as const).map((transport) => ({
  transport,
  over: nodeTransports[transport].title,
}));
const HUB = "127.0.0.1";
const rowNamed = (wanted: string) => keyAndCertificateRows.find(({ name }) => name === wanted)!;
const row = rowNamed("key-derived");

/** A service with one group of symmetric-key devices, which accepts any registration id. */
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
      // Only a custom-allocation webhook returns a payload (wire.md#registration-state).
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

describe("the unmodified Node SDK with the wrong credential at its hub", () => {
  const names = ["key-primary", "key-derived", "x509-primary", "x509-root"];
  const cases = names.flatMap((name) =>
    (["mqtt", "mqtt-ws"] as const).map((transport) => ({ name, transport, id: `${name}-${transport}` })),
  );
  const context = {} as { ports: FixedPorts; service: Rollcall; fleet: Fleet };
  beforeAll(async () => {
    context.ports = await probeFixedPorts();
    const squads = names.map((name) => ({
      row: rowNamed(name),
      registrationIds: cases.filter((each) => each.name === name).map(({ id }) => id),
    }));
    context.fleet = await enrollFleet(squads);
    context.service = await startService({ ports: context.ports, seed: context.fleet.seed });
  });
  afterAll(() => context.service?.stop());

  for (const { name, transport, id } of cases) {
    test.concurrent(`${rowNamed(name).title}, over ${nodeTransports[transport].title}`, async ({ skip }) => {
      skipWithout(context.ports, nodeTransports[transport].fixed, skip);
      const device = context.fleet.device(id);
      const { attestation } = await (await rowNamed(name).prepare()).device(device.deviceId);
      const outcome = await runNodeDevice(context.service, { transport, device, hub: { telemetry: 0, attestation } });
      expect(outcome.registered).toMatchObject({ status: "assigned" });
      expect(outcome.error).toMatchObject({
        step: "visited",
        name: "UnauthorizedError",
        message: expect.stringContaining("Failure on first connection (Not authorized)"),
      });
      expect(causeOf(context.service, device.deviceId)).toBe(
        name.startsWith("x509") ? "hub.certificateNotRegistered" : "hub.credentialMismatch",
      );
    });
  }
});

const MINUTE = 60_000;
/** Long enough for a client on a busy machine. */
const waiting = { timeout: 20_000, interval: 10 };

/** The steps of a device's attempts, oldest first. */
const stepsOf = ({ attempts }: Rollcall, id: string) =>
  attempts
    .recent(100)
    .filter(({ registrationId }) => registrationId === id)
    .map(({ steps }) => steps.map(({ name }) => name))
    .reverse();

describe("the unmodified Node SDK that is told to wait", () => {
  let now = 0;
  /** Sets the clock to one second before the end of an unused minute, so that retry-after is one second. */
  const freshMinute = () => {
    now = (Math.floor(Math.max(now, Date.now()) / MINUTE) + 2) * MINUTE - 1000;
  };
  freshMinute();
  const options = { clock: () => now, limits: { registrationsPerMinute: 1 } };
  const context = serviceFor(idsFor("first", "throttled"), options);
  const device = (name: string, transport: NodeTransport) => context.fleet.device(`${name}-${transport}`);

  /** Another device uses the only registration of a fresh minute. */
  async function useUpTheMinute(transport: NodeTransport): Promise<void> {
    freshMinute();
    const { registered } = await runNodeDevice(context.service, { transport, device: device("first", transport) });
    expect(registered).toMatchObject({ status: "assigned" });
  }

  for (const { transport, over } of transports.filter((each) => each.transport !== "http")) {
    test(`429 makes it register again after retry-after, over ${over}`, async ({ skip }) => {
      skipWithout(context.ports, nodeTransports[transport].fixed, skip);
      await useUpTheMinute(transport);
      const throttled = device("throttled", transport);
      const running = runNodeDevice(context.service, { transport, device: throttled });
      await vi.waitFor(() => {
        expect(causeOf(context.service, throttled.registrationId)).toBe("registration.throttled");
      }, waiting);
      now += 1000;
      expect(await running).toEqual({
        registered: expect.objectContaining({ status: "assigned", registrationId: throttled.registrationId }),
      });
      // Two register requests on one connection: the second is a separate attempt, without a CONNECT.
      const [first, second, ...more] = stepsOf(context.service, throttled.registrationId);
      expect(first).toContain("connect");
      expect(second).not.toContain("connect");
      expect(second).toContain("accepted");
      expect(more).toEqual([]);
    });
  }

  test("429 makes it fail at once with a ThrottlingError, over HTTPS", async ({ skip }) => {
    skipWithout(context.ports, 443, skip);
    await useUpTheMinute("http");
    const { error } = await runNodeDevice(context.service, { transport: "http", device: device("throttled", "http") });
    expect(error).toMatchObject({ step: "registered", name: "ThrottlingError", statusCode: 429, retryAfter: "1" });
    expect(JSON.parse(error?.responseBody ?? "")).toMatchObject({ errorCode: 429001 });
  });
});

describe("the unmodified Node SDK whose registration is still assigning", () => {
  let now = Date.now();
  const options = { clock: () => now, registration: { retryAfter: 0, assigningFor: "1m" } };
  const context = serviceFor(idsFor("slow"), options);

  for (const { transport, over } of transports) {
    test(`polls until it is assigned, over ${over}`, async ({ skip }) => {
      skipWithout(context.ports, nodeTransports[transport].fixed, skip);
      const slow = context.fleet.device(`slow-${transport}`);
      const seen: string[] = [];
      const onStep = async (step: string) => {
        seen.push(step);
      };
      const running = runNodeDevice(context.service, { transport, device: slow, watchHttp: true, onStep });
      await vi.waitFor(() => {
        expect([...seen, ...stepsOf(context.service, slow.registrationId).flat()]).toContain(
          transport === "http" ? "GET 202" : "assigning",
        );
      }, waiting);
      now += MINUTE;
      expect(await running).toEqual({
        registered: expect.objectContaining({ status: "assigned", registrationId: slow.registrationId }),
      });
    });
  }
});
