import { describe, expect, it } from "vitest";
import { sampleInfo } from "./sample-info.js";
import { answerChecker, checkAnswer } from "./strict-answers.js";

const json = "application/json; charset=utf-8";
const attempt = {
  trackingId: "t",
  at: "service",
  registrationId: "pump-1",
  transport: "mqtt",
  remote: "127.0.0.1:1",
  outcome: "refused",
  startedAt: 1000,
  steps: [{ name: "accepted", atMs: 0 }],
  findings: [],
};
const enrollment = {
  registrationId: "pump-1",
  attestation: { type: "symmetricKey" },
  capabilities: { iotEdge: false },
  allocationPolicy: "hashed",
  reprovisionPolicy: { updateHubAssignment: true, migrateDeviceData: true },
  provisioningStatus: "enabled",
  etag: '"e"',
  createdDateTimeUtc: "2026-11-22T09:15:02.0000000Z",
  lastUpdatedDateTimeUtc: "2026-11-22T09:15:02.0000000Z",
};
const refusal = { errorCode: 404201, trackingId: "t", message: "m", timestampUtc: "2026-11-22T09:15:02.0000000Z" };

type Case = readonly [method: string, url: string, status: number, body: Readonly<Record<string, unknown>>];
const good: readonly Case[] = [
  ["GET", "/info", 200, { ...sampleInfo }],
  ["GET", "http://127.0.0.1:8080/attempts/pump-1", 200, attempt],
  ["PUT", "/Enrollments/pump-1?api-version=2021-10-01", 200, enrollment],
  ["GET", "/enrollments/pump-1/", 200, enrollment],
  ["POST", "/stop", 202, { stopping: true }],
  ["GET", "/enrollments/none", 404, refusal],
];

describe.each(good)("%s %s answered %d", (method, url, status, body) => {
  const check = (answered: unknown) => () =>
    checkAnswer({ method, url, status, contentType: json, text: JSON.stringify(answered) });

  it("matches its contract", () => expect(check(body)).not.toThrow());

  it("does not match with an additional member", () => {
    expect(check({ ...body, planted: 1 })).toThrow(/Unrecognized key: "planted"/);
  });

  it.each(Object.keys(body))("does not match without %s", (name) => {
    const { [name]: _, ...rest } = body;
    expect(check(rest)).toThrow(new RegExp(`${name}: `));
  });
});

it.each([
  [
    "an additional inner member",
    "/attempts/a",
    { ...attempt, steps: [{ name: "accepted", atMs: 0, planted: 1 }] },
    "steps.0",
  ],
  [
    "a key in an answer without keys",
    "/enrollments/a",
    { ...enrollment, attestation: { type: "symmetricKey", symmetricKey: {} } },
    "attestation",
  ],
  ["null for an absent member", "/enrollments/a", { ...enrollment, deviceId: null }, "deviceId"],
  ["another word", "/enrollments/a", { ...enrollment, allocationPolicy: "geolatency" }, "allocationPolicy"],
  ["an additional member of an entry", "/attempts", { items: [{ ...attempt, findings: 0 }] }, "items.0"],
])("%s fails", (_, url, body, path) => {
  const given = { method: "GET", url, status: 200, contentType: json, text: JSON.stringify(body) };
  expect(() => checkAnswer(given)).toThrow(`answered 200: ${path}: `);
});

it.each([
  ["another status", { status: 200, contentType: json, text: '{"stopping":true}' }, "says 202"],
  ["another type", { status: 202, contentType: "text/plain", text: "stopping" }, "says application/json"],
  ["a refusal in words", { status: 401, contentType: "text/html", text: "no" }, "a refusal has a JSON body"],
])("%s fails", (_, given, problem) => {
  expect(() => checkAnswer({ method: "POST", url: "/stop", ...given })).toThrow(problem);
});

it("ignores answers of unknown paths or methods", () => {
  for (const [method, url] of [
    ["GET", "/stop"],
    ["PUT", "/0ne00000000/registrations/pump-1/register"],
    ["HEAD", "/info"],
  ] as const) {
    expect(() => checkAnswer({ method, url, status: 200, contentType: "text/html", text: "" })).not.toThrow();
  }
});

it("for code that swallows errors, the first mismatch is thrown later, once", async () => {
  const bodies = [{ ...sampleInfo }, { ...sampleInfo, planted: 1 }];
  const checker = answerChecker(async () => Response.json(bodies.shift()));
  const ask = async () => (await checker.fetch("http://127.0.0.1/info")).json();
  expect(await ask()).toEqual(sampleInfo);
  expect(() => checker.throwMisfit()).not.toThrow();
  expect(await ask()).toHaveProperty("planted");
  expect(() => checker.throwMisfit()).toThrow(/planted/);
  expect(() => checker.throwMisfit()).not.toThrow();
});
