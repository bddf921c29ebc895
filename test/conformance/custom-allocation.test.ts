import type { Rollcall } from "@rollcall/service";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { json, startWebhook, text, type WebhookServer } from "../integration/webhook-server.js";
import { keyAndCertificateRows, tpmRow } from "./attestations.js";
import { causeOf, startService } from "./conformance-service.js";
import { type FixedPorts, probeFixedPorts, skipWithout } from "./fixed-ports.js";
import { enrollFleet, type Fleet } from "./fleet.js";
import { nodeTransports, runNodeDevice } from "./node-device.js";

/** Payload from the device to the webhook and back, as the unmodified SDK sends and reads it (wire.md#webhook). */

const everyWay = ["mqtt", "mqtt-ws", "http"] as const;
const rows = keyAndCertificateRows
  .filter(({ name }) => ["key-primary", "key-derived", "x509-primary", "x509-root"].includes(name))
  .map((row) => ({ row, over: everyWay }));
const cases = [...rows, { row: tpmRow, over: ["http"] as const }].flatMap(({ row, over }) =>
  over.map((transport) => ({ row, transport, id: `${row.name}-custom-${transport}` })),
);
const failing = everyWay.map((transport) => ({ transport, id: `failing-${transport}` }));
const hubs = [{ host: "127.0.0.1" }, { host: "127.0.0.2" }];
const SECRET = "code-of-the-function";

describe("a device of the unmodified Node SDK and a custom allocation", () => {
  let ports: FixedPorts;
  let webhook: WebhookServer;
  let service: Rollcall;
  let fleet: Fleet;

  beforeAll(async () => {
    ports = await probeFixedPorts();
    webhook = await startWebhook();
    const custom = (path: string) => ({
      allocationPolicy: "custom" as const,
      customAllocationDefinition: { webhookUrl: `${webhook.origin}${path}?code=${SECRET}`, apiVersion: "2021-10-01" },
    });
    const own = rows.find(({ row }) => row.name === "key-primary")!;
    const squads = [...rows, { row: tpmRow, over: ["http"] as const }].map(({ row }) => ({
      row,
      registrationIds: cases.filter((each) => each.row === row).map(({ id }) => id),
      enrollment: custom("/allocate"),
    }));
    fleet = await enrollFleet([
      ...squads,
      { row: own.row, registrationIds: failing.map(({ id }) => id), enrollment: custom("/broken") },
    ]);
    webhook.on("/broken", text(500, "out of order"));
    webhook.on("/allocate", (response, call) => {
      const { registrationId, payload } = call.body.deviceRuntimeContext;
      const answer = { iotHubHostName: "127.0.0.2", payload: { für: registrationId, heard: payload ?? null } };
      json({ ...answer, initialTwin: { properties: { desired: { by: "webhook" } } } })(response, call);
    });
    service = await startService({ ports, hubs, seed: fleet.seed });
  });
  afterAll(async () => {
    await service?.stop();
    await webhook?.[Symbol.asyncDispose]();
  });

  for (const { row, transport, id } of cases) {
    test.concurrent(`${row.title}, over ${nodeTransports[transport].title}`, async ({ skip }) => {
      skipWithout(ports, nodeTransports[transport].fixed, skip);
      const payload = { modelId: "dtmi:rollcall:pump;1", ort: "Straße", nested: [1, null, { deep: true }] };
      const outcome = await runNodeDevice(service, { transport, device: fleet.device(id), payload });
      expect(outcome.error).toBeUndefined();
      expect(outcome.registered).toMatchObject({
        ...{ status: "assigned", assignedHub: "127.0.0.2", substatus: "initialAssignment" },
        payload: { für: id, heard: payload },
      });
      const [call, ...more] = webhook
        .calls("/allocate")
        .filter((each) => each.body.deviceRuntimeContext.registrationId === id);
      expect(more).toEqual([]);
      expect(call?.body.linkedHubs).toEqual(["127.0.0.1", "127.0.0.2"]);
      expectContext(call?.body.deviceRuntimeContext, row.name);
      expect(call?.text).not.toContain(SECRET);
      const { deviceId } = fleet.device(id);
      expect((await service.hub.twin({ hub: "127.0.0.2", deviceId })).body).toMatchObject({
        desired: { by: "webhook" },
      });
    });
  }

  /** Expects exactly one of the three attestation members, without secrets. */
  function expectContext(context: object | undefined, name: string): void {
    const kind = name.startsWith("key") ? "symmetricKey" : name.startsWith("x509") ? "x509" : "tpm";
    const members = { symmetricKey: {}, x509: { certificateInfo: certificateDetails }, tpm: keysOfTpm };
    expect(context).toEqual({
      registrationId: expect.any(String),
      payload: expect.any(Object),
      [kind]: members[kind],
    });
  }

  for (const { transport, id } of failing) {
    test.concurrent(`a webhook that fails makes the SDK fail, over ${nodeTransports[transport].title}`, async ({
      skip,
    }) => {
      skipWithout(ports, nodeTransports[transport].fixed, skip);
      const { registered, error } = await runNodeDevice(service, { transport, device: fleet.device(id) });
      expect(registered).toBeUndefined();
      expect(error).toMatchObject({ step: "registered", name: "ProvisioningRegistrationFailedError" });
      expect(causeOf(service, id)).toBe("webhook.failedStatus");
    });
  }
});

const text64 = expect.stringMatching(/^[0-9A-F]{64}$/);
const certificateDetails = {
  subjectName: expect.stringContaining("custom"),
  sha1Thumbprint: expect.any(String),
  sha256Thumbprint: text64,
  issuerName: expect.any(String),
  notBeforeUtc: expect.stringMatching(/Z$/),
  notAfterUtc: expect.stringMatching(/Z$/),
  serialNumber: expect.any(String),
  version: 3,
};
const keysOfTpm = {
  endorsementKey: expect.stringMatching(/^[\w+/]+=*$/),
  storageRootKey: expect.stringMatching(/^[\w+/]+=*$/),
};
