import type { Rollcall } from "@rollcall/service";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AttestationRow, keyAndCertificateRows, tpmRow } from "./attestations.js";
import { causeOf, startService } from "./conformance-service.js";
import { type FixedPorts, probeFixedPorts, skipWithout } from "./fixed-ports.js";
import { enrollFleet, type Fleet, type FleetDevice, type Squad } from "./fleet.js";
import { type NodeTransport, nodeTransports, runNodeDevice } from "./node-device.js";

const rowNamed = (name: string): AttestationRow => {
  const row = [...keyAndCertificateRows, tpmRow].find((each) => each.name === name);
  if (!row) throw new Error(`there is no row ${name}`);
  return row;
};

/** The error that the SDK's caller gets; `result` if the SDK passes on the reply's body, `responseBody` over HTTPS. */
interface Expected {
  readonly name: string;
  readonly message?: string;
  readonly body?: Record<string, unknown>;
  /** The first finding on this transport, if it differs from the case's. */
  readonly cause?: string;
}

type Spoil = (
  device: FleetDevice,
  row: AttestationRow,
  all: readonly FleetDevice[],
) => FleetDevice | Promise<FleetDevice>;

interface Refusal {
  readonly title: string;
  /** The name of an attestation row, with a new enrollment for this case. */
  readonly row: string;
  readonly enrollment?: Squad["enrollment"];
  /** Makes the device's mistake; gets the devices of this case in the order of the transports. */
  readonly spoil?: Spoil;
  /** The first finding's code. */
  readonly cause: string;
  readonly over: Partial<Record<NodeTransport, Expected>>;
}

/** CONNACK 5: no body, and no error class of the SDK's own either. */
const connackFive: Expected = { name: "Error", message: "Connection refused: Not authorized" };
/** `res/401` or HTTP 401 (wire.md#error-body, wire.md#retry-after). */
const unauthorized: Expected = { name: "UnauthorizedError", body: { errorCode: 401002 } };
const everywhere = (expected: Expected) => ({ mqtt: expected, "mqtt-ws": expected, http: expected });
const overBoth = (expected: Expected) => ({ mqtt: expected, http: expected });
/** The SDK passes on neither code nor body when the answer to a TPM's first request is not a 401. */
const noChallenge: Expected = {
  name: "InvalidOperationError",
  message: expect.stringContaining("did NOT respond with an unauthorized error"),
};

/** The right id, with a credential of the same kind that no enrollment has. */
const impostor: Spoil = async (device, row) => ({ ...device, ...(await madeAnew(row, device.registrationId)) });

/** An id without an enrollment, with a credential of its own. */
const stranger: Spoil = async (device, row) => {
  const registrationId = `${device.registrationId}-not`;
  return { ...device, registrationId, ...(await madeAnew(row, registrationId)) };
};

/** The next device's credential: valid and enrolled, but of another device. */
const swapped: Spoil = (device, _row, all) => ({
  ...device,
  attestation: all[(all.indexOf(device) + 1) % all.length]!.attestation,
});

const withoutIntermediate: Spoil = (device) => {
  if (device.attestation.type !== "x509") throw new Error("only certificates have intermediates");
  const end = "-----END CERTIFICATE-----\n";
  const [leaf] = device.attestation.cert.split(end);
  return { ...device, attestation: { ...device.attestation, cert: `${leaf}${end}` } };
};

async function madeAnew(row: AttestationRow, registrationId: string): Promise<Pick<FleetDevice, "attestation">> {
  const { attestation } = await (await row.prepare()).device(registrationId);
  return { attestation };
}

const refusals: readonly Refusal[] = [
  {
    title: "wrong symmetric key",
    row: "key-primary",
    spoil: impostor,
    cause: "key.signatureMismatch",
    over: { mqtt: connackFive, "mqtt-ws": connackFive, http: unauthorized },
  },
  {
    title: "key derived from another group",
    row: "key-derived",
    spoil: impostor,
    cause: "enrollment.notFound",
    over: overBoth(unauthorized),
  },
  {
    title: "certificate renewed but not enrolled",
    row: "x509-primary",
    spoil: impostor,
    cause: "leaf.thumbprintMismatch",
    over: everywhere(unauthorized),
  },
  {
    title: "certificate of another enrollment",
    row: "x509-primary",
    spoil: swapped,
    cause: "leaf.commonNameMismatch",
    over: overBoth(unauthorized),
  },
  {
    title: "chain of a root without an enrollment",
    row: "x509-root",
    spoil: impostor,
    cause: "chain.issuerMissing",
    over: overBoth(unauthorized),
  },
  {
    title: "leaf without its intermediate",
    row: "x509-root",
    spoil: withoutIntermediate,
    cause: "chain.issuerMissing",
    over: overBoth(unauthorized),
  },
  {
    title: "certificate without an enrollment",
    row: "x509-primary",
    spoil: stranger,
    cause: "enrollment.notFound",
    over: overBoth(unauthorized),
  },
  {
    title: "symmetric key without an enrollment",
    row: "key-primary",
    spoil: stranger,
    cause: "enrollment.notFound",
    over: overBoth(unauthorized),
  },
  {
    title: "disabled enrollment with a certificate",
    row: "x509-primary",
    enrollment: { provisioningStatus: "disabled" },
    cause: "enrollment.disabled",
    over: overBoth(unauthorized),
  },
  {
    title: "disabled enrollment with a symmetric key",
    row: "key-primary",
    enrollment: { provisioningStatus: "disabled" },
    cause: "enrollment.disabled",
    over: overBoth(unauthorized),
  },
  {
    title: "disabled group with a derived key",
    row: "key-derived",
    enrollment: { provisioningStatus: "disabled" },
    cause: "group.disabled",
    over: overBoth(unauthorized),
  },
  {
    title: "disabled group with a chain",
    row: "x509-root",
    enrollment: { provisioningStatus: "disabled" },
    cause: "group.disabled",
    over: overBoth(unauthorized),
  },
  {
    title: "static allocation without a hub",
    row: "key-primary",
    enrollment: { allocationPolicy: "static", iotHubs: [] },
    cause: "allocation.staticNeedsOneHub",
    over: everywhere({
      name: "ProvisioningRegistrationFailedError",
      message: "registration failed",
      body: { status: "failed", registrationState: expect.objectContaining({ status: "failed", errorCode: 401001 }) },
    }),
  },
  {
    title: "TPM without an enrollment",
    row: "tpm",
    spoil: stranger,
    cause: "enrollment.notFoundForTpm",
    over: {
      http: noChallenge,
      // At CONNECT the service does not know yet that this device has a TPM.
      "mqtt-tpm": { ...connackFive, cause: "credential.missing" },
    },
  },
  {
    title: "TPM that belongs to another enrollment",
    row: "tpm",
    spoil: swapped,
    cause: "tpm.endorsementKeyEnrolledElsewhere",
    over: {
      http: noChallenge,
      "mqtt-tpm": { name: "ChallengeRefused", body: { errorCode: 400004 } },
    },
  },
  {
    title: "TPM of a disabled enrollment",
    row: "tpm",
    enrollment: { provisioningStatus: "disabled" },
    cause: "enrollment.disabled",
    over: {
      http: { name: "FormatError", message: expect.stringContaining("appropriately formatted authentication blob") },
      "mqtt-tpm": connackFive,
    },
  },
];

const transportsOf = ({ over }: Refusal) => Object.keys(over) as NodeTransport[];
const registrationIdOf = (refusal: Refusal, transport: NodeTransport) =>
  `${refusal.title.toLowerCase().replaceAll(" ", "-")}-${transport}`;

const cases = refusals.flatMap((refusal) =>
  transportsOf(refusal).map((transport) => ({
    refusal,
    transport,
    expected: refusal.over[transport]!,
    title: `${refusal.title}, over ${nodeTransports[transport].title}: ${refusal.over[transport]!.name}`,
  })),
);

describe("what the unmodified Node SDK reports of a refusal", () => {
  let ports: FixedPorts;
  let service: Rollcall;
  let fleet: Fleet;

  beforeAll(async () => {
    ports = await probeFixedPorts();
    const squads = refusals.map((refusal, index): Squad => {
      const row = rowNamed(refusal.row);
      return {
        row: { ...row, name: `${row.name}-${index}` },
        registrationIds: transportsOf(refusal).map((transport) => registrationIdOf(refusal, transport)),
        ...(refusal.enrollment && { enrollment: refusal.enrollment }),
      };
    });
    fleet = await enrollFleet(squads);
    service = await startService({ ports, seed: fleet.seed });
  });
  afterAll(() => service?.stop());

  for (const { refusal, transport, expected, title } of cases) {
    test.concurrent(title, async ({ skip }) => {
      skipWithout(ports, nodeTransports[transport].fixed, skip);
      const all = transportsOf(refusal).map((each) => fleet.device(registrationIdOf(refusal, each)));
      const enrolled = fleet.device(registrationIdOf(refusal, transport));
      const device = (await refusal.spoil?.(enrolled, rowNamed(refusal.row), all)) ?? enrolled;
      const { registered, error } = await runNodeDevice(service, { transport, device });
      expect(registered).toBeUndefined();
      const { responseBody, result = responseBody && JSON.parse(responseBody), ...reported } = error!;
      expect(reported).toMatchObject({
        step: "registered",
        name: expected.name,
        ...(expected.message !== undefined && { message: expected.message }),
      });
      if (expected.body) expect(result).toMatchObject(expected.body);
      else expect(result).toBeUndefined();
      expect(causeOf(service, device.registrationId)).toBe(expected.cause ?? refusal.cause);
    });
  }
});
