import type { Rollcall } from "@rollcall/service";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { keyAndCertificateRows } from "./attestations.js";
import { startService } from "./conformance-service.js";
import { type FixedPorts, probeFixedPorts, skipWithout } from "./fixed-ports.js";
import { desiredOf, enrollFleet, type Fleet } from "./fleet.js";
import { runNodeDevice } from "./node-device.js";
import { installPythonSdk, type PythonSdk, runPythonClient } from "./python-sdk.js";
import { type Relay, startRelay } from "./relay.js";

/**
 * A device that loses its socket connects again with clean session 0, and does not subscribe again (Azure/iotedge#5048): it
 * hears of the next desired change because the hub kept its subscriptions (wire.md#hub-sessions). What changed meanwhile is not sent.
 */

const HUB = "127.0.0.1";
const row = keyAndCertificateRows.find(({ name }) => name === "key-primary")!;
/** Long enough for the back-off of each client on a busy machine. */
const waiting = { timeout: 40_000, interval: 20 };
const LIMIT = 60_000;

const transports = [
  { transport: "mqtt", over: "MQTT", port: 8883 },
  { transport: "mqtt-ws", over: "MQTT over WebSocket", port: 443 },
] as const;
type Transport = (typeof transports)[number];

const pythons = ["device212", "device"] as const;
const idOf = (client: string, { transport }: Transport) => `dropped-${client}-${transport}`;

let ports: FixedPorts;
let service: Rollcall;
let fleet: Fleet;

beforeAll(async () => {
  ports = await probeFixedPorts();
  const registrationIds = transports.flatMap((each) => [...pythons, "node"].map((client) => idOf(client, each)));
  fleet = await enrollFleet([{ row, registrationIds }]);
  // The relay takes the ports that the SDKs insist on.
  const taken = { 443: "taken by the relay", 8883: "taken by the relay" };
  service = await startService({ ports: taken, seed: fleet.seed });
});
afterAll(() => service?.stop());

/** The steps of a device's latest visit to its hub. */
const stepsOf = (deviceId: string) =>
  service.attempts
    .recent(100)
    .find(({ at, registrationId }) => at === "hub" && registrationId === deviceId)
    ?.steps.map(({ name }) => name) ?? [];

/** The operator's half: a change while the device is there, one while it is away, one when it has done all that it does when back. */
function operate(relay: Relay, deviceId: string, lastStep: "connack" | "twinGet") {
  const desire = (change: Record<string, string>) => service.hub.patchDesired({ hub: HUB, deviceId }, change);
  const visits = () => service.attempts.recent(100).filter((each) => each.at === "hub" && each.deviceId === deviceId);
  return async (step: string) => {
    if (step === "reported") await desire({ change: "there" });
    if (step !== "told") return;
    relay.cut();
    await vi.waitFor(() => expect(service.stats().sessions).toBe(0), waiting);
    await desire({ change: "away", away: "yes" });
    const before = visits().length;
    relay.mend();
    await vi.waitFor(() => expect(visits().length).toBeGreaterThan(before), waiting);
    await vi.waitFor(() => expect(stepsOf(deviceId)).toContain(lastStep), waiting);
    expect(stepsOf(deviceId)).not.toContain("subscribe");
    await desire({ change: "back" });
  };
}

const told = { read: { ...desiredOf(row), $version: 1 }, updated: { change: "there", $version: 2 } };
const back = { change: "back", $version: 4 };
/** The Python SDK reads the twin when it is back, and calls it a patch when the version is different. */
const readAgain = { ...desiredOf(row), change: "away", away: "yes", $version: 3 };

describe.each(pythons)("the unmodified Python SDK (%s) whose socket is lost", (which) => {
  let sdk: PythonSdk;
  beforeAll(async () => {
    sdk = await installPythonSdk(which);
  }, 120_000);

  for (const each of transports) {
    test(`hears of the next desired change, over ${each.over}`, { timeout: LIMIT }, async ({ skip }) => {
      if ("missing" in sdk) skip(sdk.missing);
      skipWithout(ports, each.port, skip);
      const { registrationId, attestation, deviceId } = fleet.device(idOf(which, each));
      const { mqtt, https } = service.info.ports;
      await using relay = await startRelay(each.port, each.transport === "mqtt" ? mqtt : https);
      const { idScope, caPath } = service.info;
      const { transport } = each;
      const job = { host: "localhost", idScope, registrationId, attestation, transport };
      const outcome = await runPythonClient(which, sdk, {
        caPath,
        job: { ...job, hub: { telemetry: 1, drops: true } },
        onStep: operate(relay, deviceId, "twinGet"),
        timeoutMs: LIMIT - 5_000,
      });
      expect(outcome).toMatchObject({
        registered: { status: "assigned" },
        visited: { ...told, updatedAgain: [readAgain, back] },
      });
    });
  }
});

describe("the unmodified Node SDK whose socket is lost", () => {
  for (const each of transports) {
    test(`hears of the next desired change, over ${each.over}`, { timeout: LIMIT }, async ({ skip }) => {
      const isFixed = each.transport === "mqtt-ws";
      skipWithout(ports, isFixed ? each.port : undefined, skip);
      const device = fleet.device(idOf("node", each));
      const { mqtt, https } = service.info.ports;
      await using relay = await startRelay(isFixed ? each.port : 0, isFixed ? https : mqtt);
      const outcome = await runNodeDevice(service, {
        ...{ transport: each.transport, device, port: relay.port },
        hub: { telemetry: 1, drops: true },
        onStep: operate(relay, device.deviceId, "connack"),
        timeoutMs: LIMIT - 5_000,
      });
      expect(outcome).toMatchObject({ registered: { status: "assigned" }, visited: { ...told, updatedAgain: [back] } });
    });
  }
});
