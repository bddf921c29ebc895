import { describe, expect, it } from "vitest";
import { FleetFileError } from "./fleet-file-error.js";
import { parseFleetFile } from "./parse-fleet-file.js";

const head = "name: plant\nseed: 7\ndevices:\n";
const group = (lines: string): string => `${head}  - ${lines.trim().replaceAll("\n", "\n    ")}\n`;
const symmetric = "attestation: { type: symmetricKey, enrolled: individual }";

function problemsOf(text: string): string {
  try {
    parseFleetFile(text, "plant.yaml");
  } catch (error) {
    if (error instanceof FleetFileError) return error.message;
    throw error;
  }
  return "none";
}

describe("parseFleetFile", () => {
  it("expands groups into devices, transports in turn, templates filled", () => {
    const { devices } = parseFleetFile(
      group(`name: pump
count: 3
${symmetric}
transport: [mqtt, http]
payload: { me: "{id}" }
twin: { desired: { name: "pump {id}", nested: ["{id}"] }, tags: { t: "{id}" } }`),
      "plant.yaml",
    );
    expect(devices.map(({ registrationId, transport }) => [registrationId, transport])).toEqual([
      ["pump-001", "mqtt"],
      ["pump-002", "http"],
      ["pump-003", "mqtt"],
    ]);
    expect(devices[1]).toMatchObject({
      index: 1,
      payload: { me: "pump-002" },
      desired: { name: "pump pump-002", nested: ["pump-002"] },
      tags: { t: "pump-002" },
      expect: { outcome: "assigned" },
    });
  });

  it.each([
    ["{ policy: custom, webhook: 'http://127.0.0.1:7071/api/allocate?code=x' }", /^none$/],
    ["{ policy: custom }", /a webhook belongs to the policy custom/],
    ["{ policy: hashed, webhook: 'http://127.0.0.1:7071/' }", /a webhook belongs to the policy custom/],
    ["{ webhook: 'http://127.0.0.1:7071/' }", /a webhook belongs to the policy custom/],
    ["{ policy: custom, webhook: 'ftp://127.0.0.1/' }", /is not a webhook address/],
  ])("for the allocation %s reports %s", (allocation, problems) => {
    expect(problemsOf(group(`name: pump\n${symmetric}\nallocation: ${allocation}`))).toMatch(problems);
  });

  it("gives a deviating group the enrollment, attestation and twin of its enrolledIn group", () => {
    const { devices } = parseFleetFile(
      `${head}  - { name: line, count: 2, attestation: { type: x509, enrolled: root }, twin: { desired: { a: 1 } } }
  - { name: stray, enrolledIn: line, fault: omitIntermediate }\n`,
      "plant.yaml",
    );
    expect(devices[2]).toMatchObject({
      registrationId: "stray-001",
      enrollmentGroupId: "line",
      attestation: { type: "x509", enrolled: "root" },
      desired: { a: 1 },
      expect: { outcome: "refused", finding: "chain.issuerMissing", errorCode: 401002 },
    });
  });

  it("expects a disabled enrollment group to be refused with the group's finding", () => {
    const text = group("name: tag\nattestation: { type: symmetricKey, enrolled: group }\nfault: disabled");
    const { devices } = parseFleetFile(text, "plant.yaml");
    expect(devices[0]?.expect).toEqual({ outcome: "refused", finding: "group.disabled", errorCode: 401002 });
  });

  it.each([
    ["broken YAML", "name: [", /^plant\.yaml:1:\d+: /],
    ["an empty file", "", /^plant\.yaml:1:1: the file: /],
    ["a missing key", "name: plant\ndevices: []\n", /^plant\.yaml:1:1: seed: .*\nplant\.yaml:2:1: devices: /],
    [
      "an unknown key",
      group(`name: pump\n${symmetric}\ncolour: red`),
      "plant.yaml:6:5: devices.0.colour: is not known here",
    ],
    [
      "an unknown transport",
      group(`name: pump\n${symmetric}\ntransport: amqp`),
      /^plant\.yaml:6:5: devices\.0\.transport: is not one of mqtt, mqtt-ws, http/,
    ],
    [
      "an unknown finding",
      group(`name: pump\n${symmetric}\nexpect: { refused: { finding: nope } }`),
      /^plant\.yaml:6:5: devices\.0\.expect: must be/,
    ],
    ["no attestation", group("name: pump"), "plant.yaml:4:5: devices.0: needs either attestation or enrolledIn"],
    [
      "an unknown group",
      group("name: pump\nenrolledIn: line"),
      /^plant\.yaml:5:5: devices\.0\.enrolledIn: there is no group line/,
    ],
    [
      "an illegal id",
      group(`name: pump\nidPattern: "pump %i"\n${symmetric}`),
      /^plant\.yaml:5:5: devices\.0\.idPattern: makes the id "pump 1"/,
    ],
    ["equal ids", group(`name: pump\ncount: 2\nidPattern: pump\n${symmetric}`), /needs %i \(or %03i\)/],
    [
      "a common name that is too long",
      group(`name: pump\nidPattern: ${"a".repeat(65)}\nattestation: { type: x509, enrolled: root }`),
      /has at most 64/,
    ],
    [
      "a template in a shared twin",
      group('name: pump\nattestation: { type: symmetricKey, enrolled: group }\ntwin: { desired: { a: "{id}" } }'),
      /devices\.0\.twin: \{id\} is not allowed/,
    ],
    [
      "an impossible fault",
      group(`name: pump\n${symmetric}\nfault: wrongThumbprint`),
      /wrongThumbprint needs x509 enrolled individually/,
    ],
    [
      "an intermediate that is not needed",
      group("name: pump\nattestation: { type: x509, enrolled: intermediate }\nfault: omitIntermediate"),
      /omitIntermediate needs x509 enrolled by its root/,
    ],
    [
      "validity that ends before it begins",
      `certificates: { notBefore: 2026-01-01, notAfter: 2025-01-01 }\n${group(`name: p\n${symmetric}`)}`,
      /certificates\.notAfter: is not after notBefore/,
    ],
  ])("reports place and problem: %s", (_, text, problem) => {
    expect(problemsOf(text)).toMatch(problem);
  });

  it.each([
    [
      "group name",
      `  - { name: a, ${symmetric} }\n  - { name: a, ${symmetric} }\n`,
      /^plant\.yaml:5:7: devices\.1\.name: a appears twice/,
    ],
    [
      "registration id, without case",
      `  - { name: a, idPattern: X, ${symmetric} }\n  - { name: b, idPattern: x, ${symmetric} }\n`,
      /the id x appears twice \(see a\)/,
    ],
    [
      "CA",
      "  - { name: a, attestation: { type: x509, enrolled: root } }\n  - { name: b, attestation: { type: x509, enrolled: intermediate } }\n",
      /shares its CA with a/,
    ],
  ])("refuses the same %s twice", (_, lines, problem) => {
    expect(problemsOf(head + lines)).toMatch(problem);
  });

  it("allows two groups with different CAs", () => {
    const lines =
      "  - { name: a, attestation: { type: x509, enrolled: root } }\n  - { name: b, attestation: { type: x509, enrolled: root, ca: other } }\n";
    expect(problemsOf(head + lines)).toBe("none");
  });
});
