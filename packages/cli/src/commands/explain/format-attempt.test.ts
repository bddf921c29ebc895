import { type AttemptRecord, finding, rankFindings } from "@rollcall/protocol";
import { expect, test } from "vitest";
import { formatAttempt } from "./format-attempt.js";

const plain = { columns: 80, paint: (_: string, text: string) => text };

const refused: AttemptRecord = {
  trackingId: "0e6a1d1c-0000-4000-8000-000000000001",
  at: "service",
  registrationId: "pump-7",
  idScope: "0ne00000000",
  transport: "mqtt",
  remote: "127.0.0.1:50000",
  apiVersion: "2019-03-31",
  attestation: "x509",
  enrollment: { kind: "individual", id: "pump-7" },
  outcome: "refused",
  reply: { status: 401, errorCode: 401002, message: "Unauthorized" },
  startedAt: Date.UTC(2025, 10, 23, 18, 0, 0, 123),
  steps: [
    { name: "tls", atMs: 4.2 },
    { name: "register", atMs: 12 },
  ],
  findings: rankFindings([
    finding("enrollment.disabled", { values: { id: "pump-7" }, expected: "enabled", got: "disabled" }),
    finding("leaf.commonNameMismatch", {
      values: { registrationId: "pump-7", commonName: "Pump-7", difference: "they differ in case" },
      subject: "CN=Pump-7",
    }),
  ]),
};

test("an attempt names device, answer, steps, and every finding with its remedy", () => {
  expect(formatAttempt(refused, plain)).toMatchInlineSnapshot(`
    "pump-7 was refused at the provisioning service.

      tracking id  0e6a1d1c-0000-4000-8000-000000000001
      began        2025-11-23T18:00:00.123Z
      came from    127.0.0.1:50000 over mqtt
      client       api-version 2019-03-31
      ID scope     0ne00000000
      attestation  x509
      enrollment   individual pump-7
      answer       status 401, error 401002, "Unauthorized"

    What happened
      +0.0 ms  connected
      +4.2 ms  tls
       +12 ms  register

    Why
      ✗ The individual enrollment pump-7 is disabled. It goes before every group, so
        no group was tried.
        expected  enabled
        got       disabled
        about     enrollment
        to act    the operator who enrolls the device
        remedy    Enable the enrollment:
                  rollcall enrollment update --eid pump-7 --ps enabled
        code      enrollment.disabled (known cause 16)

      ✗ The registration id is pump-7, the common name of the certificate is Pump-7:
        they differ in case.
        about     leaf: CN=Pump-7
        to act    the device
        remedy    Register as Pump-7, or issue a certificate for CN=pump-7:
                  rollcall pki leaf --cn pump-7
        code      leaf.commonNameMismatch (known cause 5)"
  `);
});

test("no line is wider than the terminal, except for a single long word", () => {
  for (const line of formatAttempt(refused, plain).split("\n")) expect(line.length).toBeLessThanOrEqual(80);
});

test("an attempt without findings says so", () => {
  expect(formatAttempt({ ...refused, outcome: "assigned", findings: [] }, plain)).toMatch(/Nothing was wrong\.$/);
  expect(formatAttempt({ ...refused, outcome: "open", findings: [] }, plain)).toMatch(
    /No check found anything wrong so far\.$/,
  );
});

test("a device that never said its name is described so", () => {
  expect(formatAttempt({ ...refused, registrationId: "" }, plain)).toMatch(
    /^A device that did not say its name was refused/,
  );
});

test("an attempt shows the allocation webhook's requests and responses", () => {
  const url = "http://127.0.0.1:7071/api/allocate?****";
  const text = formatAttempt(
    {
      ...refused,
      outcome: "failed",
      findings: [],
      webhookCalls: [
        { url, status: 500, ms: 12, result: "webhook.failedStatus: 500 after 12 ms", answer: "NullReference" },
        { url, ms: 5000, result: "webhook.timedOut: no answer" },
      ],
    },
    plain,
  );
  expect(text.slice(text.indexOf("Allocation webhook"))).toMatchInlineSnapshot(`
    "Allocation webhook
      POST http://127.0.0.1:7071/api/allocate?****
        status    500
        took      12 ms
        result    webhook.failedStatus: 500 after 12 ms
        answer    NullReference
      POST http://127.0.0.1:7071/api/allocate?****
        status    none
        took      5000 ms
        result    webhook.timedOut: no answer

    No check found anything wrong so far."
  `);
});

test("a subject that begins with its element is not repeated", () => {
  const values = { id: "pump-7", sameKey: "no", sameSubject: "yes", hint: "" };
  const findings = [finding("leaf.thumbprintMismatch", { values, subject: "leaf: CN=pump-7" })];
  expect(formatAttempt({ ...refused, findings }, plain)).toMatch(/about +leaf: CN=pump-7\n/);
});
