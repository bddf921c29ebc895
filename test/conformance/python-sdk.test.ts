import type { Rollcall } from "@rollcall/service";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AttestationRow, keyAndCertificateRows } from "./attestations.js";
import { startService } from "./conformance-service.js";
import { type FixedPorts, probeFixedPorts, skipWithout } from "./fixed-ports.js";
import { desiredOf, enrollFleet, type Fleet } from "./fleet.js";
import { installPythonSdk, type PythonSdk, runPythonClient } from "./python-sdk.js";
import type { ClientResult } from "./run-client.js";

/** Both ports are fixed in this SDK (wire.md#ports). */
const transports = [
  { transport: "mqtt", over: "MQTT", port: 8883 },
  { transport: "mqtt-ws", over: "MQTT over WebSocket", port: 443 },
] as const;
type Transport = (typeof transports)[number];

const rowNames = ["x509-primary", "x509-root-rsa", "x509-ca", "key-primary", "key-derived"];
const rows = keyAndCertificateRows.filter(({ name }) => rowNames.includes(name));
const cases = rows.flatMap((row) =>
  transports.map((each) => ({ row, ...each, title: `${row.title}, over ${each.over}` })),
);
const refused = { row: "key-primary", transports } as const;

const HUB = "127.0.0.1";
const TELEMETRY = 2;
const registrationIdOf = (row: Pick<AttestationRow, "name">, transport: string) => `py-${row.name}-over-${transport}`;

describe("a device of the unmodified Python SDK", () => {
  let ports: FixedPorts;
  let service: Rollcall;
  let fleet: Fleet;
  let sdk: PythonSdk;

  beforeAll(async () => {
    sdk = await installPythonSdk();
    ports = await probeFixedPorts();
    const squads = rows.map((row) => ({
      row,
      registrationIds: transports.map(({ transport }) => registrationIdOf(row, transport)),
    }));
    fleet = await enrollFleet(squads);
    service = await startService({ ports, seed: fleet.seed });
  }, 120_000);
  afterAll(() => service?.stop());

  interface Run {
    readonly transport: Transport["transport"];
    readonly registrationId: string;
    readonly attestation: unknown;
    readonly hub?: { readonly telemetry: number };
    readonly onStep?: () => Promise<void>;
  }

  function runPython({ onStep, ...run }: Run): Promise<ClientResult> {
    return runPythonClient("device", sdk, {
      caPath: service.info.caPath,
      job: { host: "localhost", idScope: service.info.idScope, ...run },
      ...(onStep && { onStep }),
    });
  }

  function skipIfImpossible(port: 443 | 8883, skip: (reason: string) => void): void {
    if ("missing" in sdk) skip(sdk.missing);
    skipWithout(ports, port, skip);
  }

  for (const { row, transport, port, title } of cases) {
    test.concurrent(`is assigned and served by its hub: ${title}`, async ({ skip }) => {
      skipIfImpossible(port, skip);
      const { registrationId, attestation, deviceId } = fleet.device(registrationIdOf(row, transport));
      const onStep = async () => {
        await service.hub.patchDesired({ hub: HUB, deviceId }, { operator: registrationId });
      };
      const outcome = await runPython({
        transport,
        registrationId,
        attestation,
        hub: { telemetry: TELEMETRY },
        onStep,
      });
      expect(outcome).toEqual({
        registered: {
          registrationId,
          assignedHub: HUB,
          deviceId,
          status: "assigned",
          substatus: "initialAssignment",
        },
        visited: {
          read: { ...desiredOf(row), $version: 1 },
          updated: { operator: registrationId, $version: 2 },
        },
      });
    });
  }

  for (const { transport, port, over } of transports) {
    test.concurrent(`a wrong key is a CredentialError, over ${over}`, async ({ skip }) => {
      skipIfImpossible(port, skip);
      const registrationId = registrationIdOf({ name: refused.row }, transport);
      const key = Buffer.alloc(32, 7).toString("base64");
      const { error } = await runPython({ transport, registrationId, attestation: { type: "symmetricKey", key } });
      expect(error).toMatchObject({ step: "registered", name: "CredentialError" });
    });
  }

  for (const { transport, port, over } of transports) {
    test.concurrent(`an unknown certificate is a ClientError for a ServiceError, over ${over}`, async ({ skip }) => {
      skipIfImpossible(port, skip);
      const { attestation } = fleet.device(registrationIdOf({ name: "x509-primary" }, transport));
      const { error } = await runPython({ transport, registrationId: `nobody-over-${transport}`, attestation });
      expect(error).toMatchObject({
        step: "registered",
        name: "ClientError",
        message: "Unexpected failure",
        cause: { name: "ServiceError", message: expect.stringContaining("401") },
      });
    });
  }
});
