import { createHmac } from "node:crypto";
import type { FindingCode, RefusalReason, RegistrationOperationStatus } from "@rollcall/protocol";
import { describe, expect, it } from "vitest";
import { derivedKey, engineRig, sas } from "./testing/rig.js";

const PRIMARY = Buffer.alloc(32, 1).toString("base64");
const SECONDARY = Buffer.alloc(32, 2).toString("base64");
const GROUP = Buffer.alloc(64, 3).toString("base64");
const raw = (text: string) => Buffer.from(text, "base64");

const keys = { type: "symmetricKey" as const, symmetricKey: { primaryKey: PRIMARY, secondaryKey: SECONDARY } };
const rig = () =>
  engineRig({
    enrollments: [
      {
        registrationId: "Dev-1",
        attestation: keys,
        initialTwin: { tags: { site: "north" }, properties: { desired: { interval: 5 } } },
      },
      { registrationId: "off-1", attestation: keys, provisioningStatus: "disabled" },
      { registrationId: "named", deviceId: "other-name", attestation: keys },
    ],
    enrollmentGroups: [
      {
        enrollmentGroupId: "line",
        attestation: { type: "symmetricKey", symmetricKey: { primaryKey: GROUP, secondaryKey: SECONDARY } },
      },
    ],
  });

describe("a symmetric-key registration", () => {
  it.each([
    ["the primary key", "dev-1", PRIMARY],
    ["the secondary key", "DEV-1", SECONDARY],
  ])("is assigned with %s, whatever the case of the id", async (_, id, key) => {
    const { engine, store, request, body } = await rig();
    const first = request(id, { credentials: sas(raw(key), id) });
    expect(await engine.admit(first)).toEqual({ kind: "admitted" });
    const accepted = await engine.register({ ...first, body: body() });
    expect(accepted).toMatchObject({ status: 202, retryAfter: 3, body: { status: "assigning" } });
    const { operationId } = accepted.body as RegistrationOperationStatus;
    expect(operationId).toMatch(/^4\.[0-9a-f]{16}\.[0-9a-f-]{36}$/);
    const done = await engine.operationStatus({ ...first, operationId });
    expect(done).toMatchObject({
      status: 200,
      body: {
        operationId,
        status: "assigned",
        registrationState: {
          assignedHub: "127.0.0.1",
          deviceId: "Dev-1",
          substatus: "initialAssignment",
          symmetricKey: {},
        },
      },
    });
    expect(await store.twin("127.0.0.1", "Dev-1")).toMatchObject({
      tags: { site: "north" },
      desired: { interval: 5 },
      desiredVersion: 1,
    });
    expect(await store.deviceIdentity("127.0.0.1", "Dev-1")).toMatchObject({
      authentication: { type: "symmetricKey", primaryKey: PRIMARY },
    });
  });

  it.each([
    ["as typed", "Pump-7", "Pump-7"],
    ["lower-cased", "Pump-7", "pump-7"],
  ])("of a group accepts a key derived from the id %s", async (_, id, derivedFrom) => {
    const { engine, request, body } = await rig();
    const asked = request(id, { credentials: sas(derivedKey(GROUP, derivedFrom), id) });
    expect(await engine.register({ ...asked, body: body() })).toMatchObject({ status: 202 });
    expect(asked.attempt.enrollment).toEqual({ kind: "group", id: "line" });
  });

  it("gives the device the enrollment's device id", async () => {
    const { engine, store, request, body } = await rig();
    await engine.register({ ...request("named", { credentials: sas(raw(PRIMARY), "named") }), body: body() });
    expect(await store.deviceIdentity("127.0.0.1", "other-name")).toBeDefined();
  });

  it("of an assigned device keeps its hub, and the result says so", async () => {
    const { engine, request, body } = await rig();
    for (const substatus of ["initialAssignment", "reprovisionedToInitialAssignment"]) {
      const asked = request("dev-1", { credentials: sas(raw(PRIMARY), "dev-1") });
      const { operationId } = (await engine.register({ ...asked, body: body() })).body as RegistrationOperationStatus;
      expect((await engine.operationStatus({ ...asked, operationId })).body).toMatchObject({
        registrationState: { substatus },
      });
    }
  });
});

const expiry = Math.floor(Date.UTC(2026, 10, 23) / 1000);
const refusals: readonly {
  readonly title: string;
  readonly id?: string;
  readonly token: ReturnType<typeof sas>;
  readonly code: FindingCode;
  readonly reason?: RefusalReason;
}[] = [
  {
    title: "the group key itself",
    id: "pump-7",
    token: sas(raw(GROUP), "pump-7"),
    code: "key.groupKeyUsedRaw",
    reason: "notAuthorized",
  },
  {
    title: "a key derived twice",
    id: "pump-7",
    token: sas(derivedKey(derivedKey(GROUP, "pump-7").toString("base64"), "pump-7"), "pump-7"),
    code: "key.derivedTwice",
    reason: "notAuthorized",
  },
  {
    title: "a key derived from upper case",
    id: "pump-7",
    token: sas(derivedKey(GROUP, "PUMP-7"), "pump-7"),
    code: "key.derivedFromOtherText",
    reason: "notAuthorized",
  },
  {
    title: "a key derived from an individual key",
    token: sas(derivedKey(PRIMARY, "dev-1"), "dev-1"),
    code: "key.derivedFromIndividual",
    reason: "notAuthorized",
  },
  {
    title: "the base64 text of the key",
    token: sas(Buffer.from(PRIMARY), "dev-1"),
    code: "key.textNotDecoded",
    reason: "notAuthorized",
  },
  {
    title: "another key",
    token: sas(Buffer.alloc(32, 9), "dev-1"),
    code: "key.signatureMismatch",
    reason: "notAuthorized",
  },
  {
    title: "an expired token",
    token: sas(raw(PRIMARY), "dev-1", { expiry: expiry - 4000 }),
    code: "token.expired",
    reason: "notAuthorized",
  },
  {
    title: "an expiry in milliseconds",
    token: sas(raw(PRIMARY), "dev-1", { expiry: (expiry + 3600) * 1000 }),
    code: "token.expiryInMilliseconds",
    reason: "notAuthorized",
  },
  {
    title: "a token for another device",
    token: sas(raw(PRIMARY), "dev-1", { resource: "0ne00000000%2Fregistrations%2Fdev-2" }),
    code: "token.resourceMismatch",
    reason: "notAuthorized",
  },
  {
    title: "no token",
    token: { kind: "sas", token: "SharedAccessSignature sr=x" },
    code: "token.malformed",
    reason: "credentials",
  },
  { title: "an unknown id", id: "dev-11", token: sas(raw(PRIMARY), "dev-11"), code: "enrollment.notFound" },
  { title: "a disabled enrollment", id: "off-1", token: sas(raw(PRIMARY), "off-1"), code: "enrollment.disabled" },
];

describe("a symmetric-key refusal", () => {
  it.each(refusals)("names $title as $code", async ({ id = "dev-1", token, code, reason }) => {
    const { engine, request, body, failures } = await rig();
    const asked = request(id, { credentials: token });
    const admission = await engine.admit(asked);
    expect(admission).toMatchObject(reason === undefined ? { kind: "admitted" } : { kind: "refused", reason });
    const reply = await engine.register({ ...asked, body: body() });
    expect(reply).toMatchObject({ status: 401, body: { errorCode: 401002, trackingId: asked.attempt.trackingId } });
    expect(asked.attempt.findings[0]?.code).toBe(code);
    expect(asked.attempt.record().outcome).toBe("refused");
    expect(failures).toEqual([]);
    const told = JSON.stringify([reply, asked.attempt.record()]);
    for (const secret of [PRIMARY, SECONDARY, GROUP]) expect(told).not.toContain(secret);
  });

  it("of a wrong key happens at CONNECT even if the scope is wrong, too", async () => {
    const { engine, request } = await rig();
    const over = { idScope: "0neElsewhere", credentials: sas(Buffer.alloc(32, 9), "dev-1") };
    const asked = request("dev-1", over);
    expect(await engine.admit(asked)).toMatchObject({ kind: "refused", reason: "notAuthorized" });
    expect(asked.attempt.findings[0]?.code).toBe("idScope.mismatch");
  });

  it("of a key that fits no group names the groups, and how to get the right key", async () => {
    const { engine, request, body } = await rig();
    const asked = request("pump-8", { credentials: sas(derivedKey(GROUP, "pump-7"), "pump-8") });
    await engine.register({ ...asked, body: body() });
    const [first] = asked.attempt.findings;
    expect(first).toMatchObject({ code: "enrollment.notFound" });
    expect(first?.title).toMatch(/fits no symmetric-key group \(line\).*rollcall env pump-8 prints/);
  });

  it("of a TPM by an enrollment with symmetric keys names both kinds", async () => {
    const { engine, request, body } = await rig();
    const asked = request("dev-1");
    await engine.register({ ...asked, body: body({ tpm: { endorsementKey: "AAAA", storageRootKey: "AAAA" } }) });
    expect(asked.attempt.findings[0]).toMatchObject({
      code: "enrollment.attestationMismatch",
      expected: "a symmetric key",
      got: "a TPM",
    });
  });

  it("names the similar id that is enrolled", async () => {
    const { engine, request, body } = await rig();
    const asked = request("dev-11", { credentials: sas(raw(PRIMARY), "dev-11") });
    await engine.register({ ...asked, body: body() });
    expect(asked.attempt.findings.find((each) => each.code === "enrollment.nearby")?.nearest).toBe("Dev-1");
  });
});

describe("a token with the right key over the wrong text", () => {
  const resource = "0ne00000000%2Fregistrations%2F";
  const se = String(expiry + 3600);
  const texts = [
    ["sr decoded", (id: string) => `0ne00000000/registrations/${id}\n${se}`],
    ["without a line feed", (id: string) => `${resource}${id}${se}`],
    ["a carriage return", (id: string) => `${resource}${id}\r\n${se}`],
    ["a backslash and an n", (id: string) => `${resource}${id}\\n${se}`],
  ] as const;
  const devices = [
    ["dev-1", raw(PRIMARY)],
    ["pump-7", derivedKey(GROUP, "pump-7")],
  ] as const;
  it.each(texts.flatMap(([words, text]) => devices.map(([id, key]) => ({ words, text, id, key }))))(
    "of $id says: $words",
    async ({ words, text, id, key }) => {
      const { engine, request, body } = await rig();
      const sig = encodeURIComponent(createHmac("sha256", key).update(text(id)).digest("base64"));
      const token = `SharedAccessSignature sr=${resource}${id}&sig=${sig}&se=${se}`;
      const asked = request(id, { credentials: { kind: "sas", token } });
      expect(await engine.admit(asked)).toMatchObject({ kind: "refused", reason: "notAuthorized" });
      expect(await engine.register({ ...asked, body: body() })).toMatchObject({ status: 401 });
      const [first, ...others] = asked.attempt.findings;
      expect(first).toMatchObject({ code: "token.signedOtherText", got: expect.stringContaining(words) });
      expect(others.every((each) => each.consequence)).toBe(true);
    },
  );
});

describe("explaining refusals", () => {
  it("stops when the second's budget is used up, and starts again in the next second", async () => {
    const { engine, request, body, clock } = await rig();
    const codes = async () => {
      const asked = request("pump-7", { credentials: sas(raw(GROUP), "pump-7") });
      await engine.register({ ...asked, body: body() });
      return asked.attempt.findings.map((each) => each.code);
    };
    const seen: string[][] = [];
    for (let n = 0; n < 1000; n++) seen.push(await codes());
    expect(seen[0]).toContain("key.groupKeyUsedRaw");
    expect(seen.at(-1)).toEqual(["enrollment.notFound", "explanation.leftOut"]);
    clock.now += 1000;
    expect(await codes()).toContain("key.groupKeyUsedRaw");
  });
});

describe("a token in the forms of the SDKs", () => {
  const resources = [
    ["raw (Node, Java)", "0ne00000000/registrations/dev-1"],
    ["%2F (Python, .NET)", "0ne00000000%2Fregistrations%2Fdev-1"],
    ["%2f (C)", "0ne00000000%2fregistrations%2fdev-1"],
  ] as const;
  it.each(resources)("with sr %s verifies", async (_, resource) => {
    const { engine, request, body } = await rig();
    const asked = request("dev-1", { credentials: sas(raw(PRIMARY), "dev-1", { resource }) });
    expect(await engine.register({ ...asked, body: body() })).toMatchObject({ status: 202 });
  });
});
