import { networkInterfaces } from "node:os";
import type { Transport } from "@rollcall/protocol";
import {
  connectToHub,
  type Fleet,
  type FleetDevice,
  fleetEnrollments,
  fleetFromText,
  registerDevice,
} from "@rollcall/simulator";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startService, type TestService } from "./service.js";

const text = `name: every-way
seed: 3
devices:
  - { name: x509-root, count: 3, attestation: { type: x509, enrolled: root } }
  - { name: x509-intermediate, count: 3, attestation: { type: x509, enrolled: intermediate, ca: other } }
  - { name: x509-own, count: 3, attestation: { type: x509, enrolled: individual } }
  - { name: key-own, count: 3, attestation: { type: symmetricKey, enrolled: individual } }
  - { name: key-group, count: 3, attestation: { type: symmetricKey, enrolled: group } }
  - { name: tpm, count: 3, attestation: { type: tpm } }
  - { name: tpm-of-nobody, attestation: { type: tpm } }
`;
const transports: readonly Transport[] = ["mqtt", "mqtt-ws", "http"];

let fleet: Fleet;
let service: TestService;
beforeAll(async () => {
  fleet = await fleetFromText(text);
  const { enrollments = [], ...groups } = fleetEnrollments(fleet);
  const known = enrollments.filter(({ registrationId }) => registrationId !== "tpm-of-nobody-001");
  service = await startService({ registration: { retryAfter: 0 }, seed: { ...groups, enrollments: known } });
});
afterAll(() => service[Symbol.asyncDispose]());

function device(group: string, transport: Transport): FleetDevice {
  const found = fleet.devices.filter((each) => each.group === group)[transports.indexOf(transport)];
  if (!found) throw new Error(`no device of ${group} for ${transport}`);
  return found;
}

function register({ registrationId, identity }: FleetDevice, transport: Transport, host = "localhost") {
  const { mqtt, https, idScope } = service;
  const { port } = transport === "mqtt" ? mqtt : https;
  const target = { host, port, idScope, ca: mqtt.ca };
  return registerDevice({ target, registrationId, identity, transport, timeout: 20_000 });
}

const groups = ["x509-root", "x509-intermediate", "x509-own", "key-own", "key-group", "tpm"];
const ways = groups.flatMap((group) => transports.map((transport) => ({ group, transport })));

const hasIpv6 = Object.values(networkInterfaces()).some((each) => each?.some(({ address }) => address === "::1"));

describe.skipIf(!hasIpv6)("a service that is named by its IPv6 address", () => {
  it.each(transports)("over %s: registered", async (transport) => {
    expect(await register(device("key-group", transport), transport, "::1")).toMatchObject({ outcome: "assigned" });
  });
});

describe("every identity over every transport", () => {
  it.each(ways)(
    "$group over $transport: registers, and connects to its hub with the credentials of the registration",
    async ({ group, transport }) => {
      const one = device(group, transport);
      const registration = await register(one, transport);
      if (registration.outcome !== "assigned") throw new Error(JSON.stringify(registration));
      const { assignedHub, deviceId } = registration.registrationState;
      expect({ assignedHub, deviceId }).toEqual({ assignedHub: service.hub, deviceId: one.registrationId });
      const visit = await connectToHub({
        assignedHub,
        deviceId,
        identity: one.identity,
        transport: transport === "mqtt-ws" ? "mqtt-ws" : "mqtt",
        port: transport === "mqtt-ws" ? service.https.port : service.mqtt.port,
        ca: service.mqtt.ca,
        timeout: 20_000,
        reported: { from: transport },
        telemetry: [{ celsius: 21 }],
      });
      expect(visit).toMatchObject({
        outcome: "connected",
        twin: { desired: { $version: 1 } },
        reportedVersion: 2,
        telemetrySent: 1,
      });
      await service.untilEmpty();
    },
  );

  it.each(transports)("a TPM over %s registers again: the new hub key replaces the old one", async (transport) => {
    const one = device("tpm", transport);
    for (const _ of [1, 2]) {
      const registration = await register(one, transport);
      if (registration.outcome !== "assigned") throw new Error(JSON.stringify(registration));
      const { assignedHub, deviceId } = registration.registrationState;
      const { identity } = one;
      const common = {
        assignedHub,
        deviceId,
        identity,
        port: service.mqtt.port,
        ca: service.mqtt.ca,
        timeout: 20_000,
      };
      expect(await connectToHub(common)).toMatchObject({ outcome: "connected" });
    }
  });

  it.each([
    ["mqtt", { outcome: "refused", status: 401 }],
    ["http", { outcome: "refused", status: 404, errorCode: 404201 }],
  ] as const)("a TPM without an enrollment is refused over %s", async (transport, result) => {
    expect(await register(device("tpm-of-nobody", "mqtt"), transport)).toMatchObject(result);
    await service.untilEmpty();
  });

  it("a hub refuses an unknown device", async () => {
    const { identity } = device("key-own", "mqtt");
    const visit = await connectToHub({
      assignedHub: service.hub,
      deviceId: "nobody",
      identity,
      port: service.mqtt.port,
      ca: service.mqtt.ca,
      timeout: 20_000,
    });
    expect(visit).toMatchObject({ outcome: "refused" });
    await service.untilEmpty();
  });
});
