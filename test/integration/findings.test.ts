import type { AttemptRecord } from "@rollcall/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deviceToken } from "./device-tokens.js";
import { type FindingRowCase, findingCases, knownOnlyRows } from "./findings.rows.js";
import { startService, type TestService, userName } from "./service.js";
import { callHttps, openMqtt } from "./sockets.js";

/**
 * A device makes each mistake of the table on a real socket. The answer on the wire says as little as the cloud's; the
 * attempt, found by registration id and by tracking id, names the mistake.
 */

const cases = await findingCases();
let service: TestService;

beforeAll(async () => {
  const enrollments = unique(
    cases.flatMap((row) => row.enrollments ?? []),
    (each) => each.registrationId,
  );
  const enrollmentGroups = unique(
    cases.flatMap((row) => row.groups ?? []),
    (each) => each.enrollmentGroupId,
  );
  service = await startService({ seed: { enrollments, enrollmentGroups } });
});

afterAll(async () => {
  await service.rollcall.stop();
});

function unique<T>(values: readonly T[], nameOf: (value: T) => string): T[] {
  return [...new Map(values.map((value) => [nameOf(value), value])).values()];
}

/** The answer on the wire. */
interface Answer {
  readonly connack?: number;
  readonly status?: number;
  readonly errorCode?: number;
  readonly trackingId?: string;
  readonly body?: { readonly authenticationKey?: string };
}

function facts(row: FindingRowCase) {
  const { credentials } = row;
  const idScope = row.idScope ?? service.idScope;
  const token = "token" in credentials ? credentials.token?.(idScope) : undefined;
  const presented = credentials.kind === "x509" ? credentials.presented : undefined;
  const body = credentials.kind === "tpm" ? { tpm: credentials.member } : {};
  return { idScope, token, presented, body: JSON.stringify({ registrationId: row.registrationId, ...body }) };
}

async function overMqtt(row: FindingRowCase, secrets: string[]): Promise<Answer> {
  const { idScope, token, presented, body } = facts(row);
  if (token !== undefined) secrets.push(...tokenSecrets(token));
  await using client = await openMqtt({ ...service.mqtt, presented });
  const { registrationId } = row;
  const { returnCode } = await client.connect({
    clientId: registrationId,
    username: userName(idScope, registrationId),
    ...(token !== undefined && { password: token }),
  });
  if (returnCode !== 0) return { connack: Number(returnCode) };
  await client.subscribe();
  const reply = await client.register(body);
  return { status: reply.status, ...reply.body, body: reply.body };
}

async function overHttp(row: FindingRowCase, secrets: string[]): Promise<Answer> {
  const { idScope, token, presented, body } = facts(row);
  if (token !== undefined) secrets.push(...tokenSecrets(token));
  const path = `/${idScope}/registrations/${encodeURIComponent(row.registrationId)}/register?api-version=2019-03-31`;
  const put = (headers: Readonly<Record<string, string>>) =>
    callHttps({ ...service.https, presented }, { method: "PUT", path, headers, body });
  if (row.credentials.kind === "tpm" && token !== undefined) await put({});
  const reply = await put(token === undefined ? {} : { authorization: token });
  return { status: reply.status, ...reply.body, body: reply.body };
}

/** Secrets of a token: until it expires, its signature is worth as much as a password. */
function tokenSecrets(token: string): string[] {
  const sig = /sig=([^&]+)/.exec(token)?.[1];
  return sig === undefined ? [] : [sig, decodeURIComponent(sig)];
}

function expectExplained(record: AttemptRecord | undefined, row: FindingRowCase, secrets: readonly string[]): void {
  const first = record?.findings[0];
  expect(first, JSON.stringify(record?.findings, null, 2)).toMatchObject({
    code: row.code,
    blame: row.blame,
    cause: row.cause,
    expected: expect.stringMatching(row.expected),
    got: expect.stringMatching(row.got),
    remedy: expect.stringMatching(/\S/),
    ...(row.nearest && { nearest: expect.stringMatching(row.nearest) }),
  });
  const text = JSON.stringify(record);
  expect(text).not.toMatch(/\{\w+\}/);
  expect(text).not.toContain("PRIVATE KEY");
  for (const secret of secrets) expect(text).not.toContain(secret);
}

const transports = [
  { transport: "mqtt", attempt: overMqtt },
  { transport: "http", attempt: overHttp },
] as const;

for (const { transport, attempt } of transports) {
  describe(`over ${transport}`, () => {
    for (const row of cases.filter((each) => each.over === undefined || each.over === transport)) {
      it(`cause ${row.cause}, ${row.name}: ${row.code}`, async () => {
        const secrets = [...(row.secrets ?? [])];
        const answer = await attempt(row, secrets);
        const connack = transport === "mqtt" ? row.connack : undefined;
        const { status, errorCode } = answer;
        if (connack !== undefined) expect(answer).toEqual({ connack });
        else expect({ status, errorCode }).toEqual({ status: row.status, errorCode: row.errorCode });
        if (answer.body?.authenticationKey !== undefined) secrets.push(answer.body.authenticationKey);

        const byId = await service.attempt(row.registrationId);
        expectExplained(byId, row, secrets);
        expect(byId).toMatchObject({ transport, registrationId: row.registrationId });
        // A challenge carries no tracking id, and neither does a CONNACK: those attempts are found by registration id.
        const trackingId = answer.trackingId ?? byId?.trackingId ?? "";
        expect(await service.attempt(trackingId)).toEqual(byId);
      });
    }
  });
}

describe("where only known api-versions are accepted", () => {
  const registrationId = "f24-versions";
  const primaryKey = Buffer.alloc(32, 24).toString("base64");
  let strict: TestService;
  beforeAll(async () => {
    const attestation = { type: "symmetricKey", symmetricKey: { primaryKey, secondaryKey: primaryKey } } as const;
    strict = await startService({
      apiVersions: "known-only",
      seed: { enrollments: [{ registrationId, attestation }], enrollmentGroups: [] },
    });
  });
  afterAll(() => strict.rollcall.stop());

  const password = () => deviceToken({ idScope: strict.idScope, registrationId, key: primaryKey });
  const latest = async () =>
    (await strict.attempt(registrationId))?.findings.map(({ code, got, blame }) => ({ code, got, blame }));
  const explained = ({ code, got }: (typeof knownOnlyRows)[number]) => (code ? [{ code, got, blame: "protocol" }] : []);

  it.each(knownOnlyRows)("over mqtt, $apiVersion: $code", async (row) => {
    await using client = await openMqtt(strict.mqtt);
    const username = `${strict.idScope}/registrations/${registrationId}/api-version=${row.apiVersion}`;
    const { returnCode } = await client.connect({ clientId: registrationId, username, password: password() });
    expect(returnCode).toBe(row.code ? 4 : 0);
    expect(await latest()).toEqual(explained(row));
  });

  it.each(knownOnlyRows)("over http, $apiVersion: $code", async (row) => {
    const path = `/${strict.idScope}/registrations/${registrationId}/register?api-version=${row.apiVersion}`;
    const headers = { authorization: password() };
    const { status, body } = await callHttps(strict.https, { method: "PUT", path, headers, body: "{}" });
    expect({ status, errorCode: body?.errorCode }).toEqual(
      row.code ? { status: 400, errorCode: 400004 } : { status: 202, errorCode: undefined },
    );
    expect(await latest()).toEqual(explained(row));
  });
});

describe("the table", () => {
  it("covers the causes that this service explains, each case with its own name", () => {
    expect([...new Set(cases.map(({ cause }) => cause))].sort((a, b) => a - b)).toEqual([
      1, 3, 4, 5, 6, 7, 8, 10, 11, 15, 16, 22,
    ]);
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
  });
});
