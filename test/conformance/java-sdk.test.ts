import type { Rollcall } from "@rollcall/service";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AttestationRow, keyAndCertificateRows } from "./attestations.js";
import { causeOf, startService } from "./conformance-service.js";
import { type FixedPorts, probeFixedPorts, skipWithout } from "./fixed-ports.js";
import { desiredOf, enrollFleet, type Fleet } from "./fleet.js";
import { type JavaSdk, prepareJavaSdk, runJavaClient, type TrustStore, trustStoreOf } from "./java-sdk.js";
import type { ClientResult } from "./run-client.js";

const TELEMETRY = 2;
const HUB = "127.0.0.1";

/**
 * The ports are fixed (wire.md#ports); the hub client uses MQTT with the first and the last, WebSocket with the second.
 */
const transports = [
  { transport: "MQTT", ports: [8883] },
  { transport: "MQTT_WS", ports: [443] },
  { transport: "HTTPS", ports: [443, 8883] },
] as const;
type Port = 443 | 8883;

const rowNames = ["x509-primary", "x509-root-rsa", "x509-ca", "key-primary", "key-derived"];
const rows = keyAndCertificateRows.filter(({ name }) => rowNames.includes(name));
const cases = rows.flatMap((row) => transports.map((each) => ({ row, ...each })));
const registrationIdOf = (row: Pick<AttestationRow, "name">, transport: string) =>
  `java-${row.name}-over-${transport.toLowerCase().replace("_", "-")}`;

describe("a device of the unmodified Java SDK", () => {
  let ports: FixedPorts;
  let service: Rollcall;
  let fleet: Fleet;
  let sdk: JavaSdk;
  let trust: TrustStore | undefined;

  beforeAll(async () => {
    sdk = await prepareJavaSdk();
    ports = await probeFixedPorts();
    const squads = rows.map((row) => ({
      row,
      registrationIds: transports.map(({ transport }) => registrationIdOf(row, transport)),
    }));
    fleet = await enrollFleet(squads);
    service = await startService({ ports, seed: fleet.seed });
    if ("classPath" in sdk) trust = await trustStoreOf(service.info.caPath);
  }, 300_000);
  afterAll(async () => {
    await service?.stop();
    trust?.remove();
  });

  interface Run {
    readonly transport: string;
    readonly registrationId: string;
    readonly attestation: unknown;
    readonly hub?: { readonly telemetry: number };
    readonly onStep?: () => Promise<void>;
  }

  function runJava({ onStep, ...run }: Run): Promise<ClientResult> {
    return runJavaClient("JavaDevice", {
      sdk,
      trust,
      caPath: service.info.caPath,
      // The Java SDK requires a dot in the hub's name, but not in the service's.
      job: { host: "localhost", idScope: service.info.idScope, ...run },
      // Longer than the SDK waits for a reply that it has missed (see clients/JavaDevice.java).
      timeoutMs: 200_000,
      ...(onStep && { onStep }),
    });
  }

  function skipIfImpossible(wanted: readonly Port[], skip: (reason: string) => void): void {
    if ("missing" in sdk) skip(sdk.missing);
    for (const port of wanted) skipWithout(ports, port, skip);
  }

  for (const { row, transport, ports: wanted } of cases) {
    test.concurrent(`is assigned and served by its hub: ${row.title}, over ${transport}`, async ({ skip }) => {
      skipIfImpossible(wanted, skip);
      const { registrationId, attestation, deviceId } = fleet.device(registrationIdOf(row, transport));
      const onStep = async () => {
        await service.hub.patchDesired({ hub: HUB, deviceId }, { operator: registrationId });
      };
      const outcome = await runJava({ transport, registrationId, attestation, hub: { telemetry: TELEMETRY }, onStep });
      expect(outcome).toEqual({
        registered: {
          registrationId,
          assignedHub: HUB,
          deviceId,
          status: "PROVISIONING_DEVICE_STATUS_ASSIGNED",
          substatus: "INITIAL_ASSIGNMENT",
        },
        visited: {
          read: { ...desiredOf(row), $version: 1 },
          updated: { operator: registrationId, $version: 2 },
        },
      });
    });
  }

  for (const { transport, ports: wanted } of transports) {
    test.concurrent(`an unknown certificate is an exception with the reply's text, over ${transport}`, async ({
      skip,
    }) => {
      skipIfImpossible(wanted, skip);
      const { attestation } = fleet.device(registrationIdOf({ name: "x509-primary" }, transport));
      const registrationId = `nobody-${transport.toLowerCase().replace("_", "-")}`;
      const { registered, error } = await runJava({ transport, registrationId, attestation });
      expect(registered).toBeUndefined();
      expect(JSON.stringify(error)).toContain("401002");
      expect(causeOf(service, registrationId)).toBe("leaf.commonNameMismatch");
    });
  }
});
