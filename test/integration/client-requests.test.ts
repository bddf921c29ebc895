import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { connect } from "node:tls";
import { checkedFetch } from "@rollcall/api/testing";
import { issueLeaf, toPem } from "@rollcall/pki";
import type { Json, JsonObject } from "@rollcall/protocol";
import { type Rollcall, startRollcall } from "@rollcall/service";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { type ClientRequest, clientRequests, twin } from "./client-requests.rows.js";

let service: Rollcall;
let pem: string;
beforeAll(async () => {
  service = await startRollcall({ hubs: [{ host: "hub-a.test" }] });
  pem = toPem((await issueLeaf({ commonName: "x" })).certificate.der);
});
afterAll(() => service.stop());

interface Answer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Json | undefined;
}

/** Sends exactly this text, and reads until the service closes. */
async function exchange(request: string): Promise<Answer> {
  const { host, ports, caPath } = service.info;
  const socket = connect({ host, port: ports.https, ca: readFileSync(caPath) });
  socket.end(request);
  const [head = "", body = ""] = (await text(socket)).split("\r\n\r\n", 2);
  const [line = "", ...lines] = head.split("\r\n");
  const headers = lines.map((each) => /^([^:]+):\s*(.*)$/.exec(each)?.slice(1) ?? []);
  return {
    status: Number(line.split(" ")[1]),
    headers: new Map(headers.map(([name = "", value = ""]) => [name.toLowerCase(), value])),
    body: body === "" ? undefined : (JSON.parse(body) as Json),
  };
}

/** `sr`, `sig`, `se`, `skn`, as az, .NET and C order them; the host as each of them takes it from the connection string. */
function token(): string {
  const key = /SharedAccessKey=(.*)$/.exec(service.info.connectionString)?.[1] ?? "";
  const sr = encodeURIComponent(service.info.serviceEndpoint);
  const se = Math.floor(Date.now() / 1000) + 3600;
  const signature = createHmac("sha256", Buffer.from(key, "base64")).update(`${sr}\n${se}`).digest("base64");
  return `SharedAccessSignature sr=${sr}&sig=${encodeURIComponent(signature)}&se=${se}&skn=provisioningserviceowner`;
}

/** Our own request on the dashboard port, to read or prepare the state. */
async function ask(method: string, path: string, body?: unknown): Promise<JsonObject> {
  const base = `http://127.0.0.1:${service.info.ports.dashboard}`;
  const headers = { authorization: `Bearer ${service.managementToken}` };
  const sent = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
  const answer = await (await checkedFetch(new URL(path, base), sent)).text();
  return answer === "" ? {} : (JSON.parse(answer) as JsonObject);
}

const keys = () => ask("POST", "/enrollments/x/attestationmechanism");

async function create(type: NonNullable<ClientRequest["existing"]>): Promise<JsonObject> {
  const slot = { certificate: pem };
  const x509 = { clientCertificates: { primary: slot, secondary: slot } };
  const attestation = type === "x509" ? { type, x509 } : { type };
  return await ask("PUT", "/enrollments/x", { registrationId: "x", attestation, initialTwin: twin });
}

/** Fills in values that only the running service knows. */
function filler(existing: JsonObject): (template: string) => string {
  const etag = String(existing["etag"]);
  const { x509 } = (existing["attestation"] ?? {}) as {
    x509?: { clientCertificates: { secondary: { info: object } } };
  };
  const values: Readonly<Record<string, string>> = {
    etag,
    bare: etag.replaceAll('"', ""),
    sas: token(),
    pem: pem.replaceAll("\n", ""),
    pem64: Buffer.from(pem).toString("base64"),
    info: JSON.stringify(x509?.clientCertificates.secondary.info ?? null),
  };
  return (template) => template.replace(/\{(etag|bare|sas|pem|pem64|info)\}/g, (_, name: string) => values[name] ?? "");
}

beforeEach(async () => {
  await ask("DELETE", "/enrollments/x");
});

it.each(clientRequests)("$client $does", async (row) => {
  const { method, target, headers, body, existing, status, answer, answerHeaders = {} } = row;
  const before = existing ? await create(existing) : {};
  const keysBefore = await keys();
  const fill = filler(before);
  const content = body === undefined ? "" : fill(body);
  const length = body === undefined ? [] : [`Content-Length: ${Buffer.byteLength(content)}`];
  const lines = [`${method} ${target} HTTP/1.1`, ...headers.map(fill), ...length];
  const got = await exchange(`${lines.join("\r\n")}\r\n\r\n${content}`);
  expect(got).toMatchObject({ status, ...(answer !== undefined && { body: answer }) });
  expect(Object.fromEntries(got.headers)).toMatchObject(answerHeaders);
  expect(got.headers.get("x-ms-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  if (row.keepsKeys) expect(await keys()).toEqual(keysBefore);
  if (row.changesNothing) expect(await ask("GET", "/enrollments/x")).toEqual(before);
});
