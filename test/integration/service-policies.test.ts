import { createHmac } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Rollcall, startRollcall } from "@rollcall/service";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const chosen = Buffer.alloc(16, 5).toString("base64");
let service: Rollcall;
beforeAll(async () => {
  service = await startRollcall({
    policies: [
      { name: "reader", permissions: ["EnrollmentRead"] },
      { name: "writer", permissions: ["EnrollmentWrite", "EnrollmentRead"], secondaryKey: chosen },
    ],
  });
});
afterAll(() => service.stop());

/** A token made by hand from a connection string, as the documentation describes. */
function tokenOf(connectionString: string): string {
  const [, host = "", name = "", key = ""] =
    /^HostName=(.*);SharedAccessKeyName=(.*);SharedAccessKey=(.*)$/.exec(connectionString) ?? [];
  const sr = encodeURIComponent(host.toLowerCase());
  const se = Math.floor(Date.now() / 1000) + 60;
  const signature = createHmac("sha256", Buffer.from(key, "base64")).update(`${sr}\n${se}`).digest("base64");
  return `SharedAccessSignature sr=${sr}&sig=${encodeURIComponent(signature)}&se=${se}&skn=${name}`;
}

function send(
  method: string,
  path: string,
  connectionString: string,
  body?: unknown,
  to: Pick<Rollcall, "info"> = service,
): Promise<[number, string]> {
  const { host, ports, caPath } = to.info;
  const options = { host, port: ports.https, ca: readFileSync(caPath), method, path: `${path}?api-version=2021-10-01` };
  return new Promise((resolve, reject) => {
    const sent = request({ ...options, headers: { authorization: tokenOf(connectionString) } }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      response.on("end", () => resolve([response.statusCode ?? 0, text]));
    });
    sent.on("error", reject).end(body === undefined ? undefined : JSON.stringify(body));
  });
}

it("applies the permissions of each policy, with either key of the printed connection strings", async () => {
  const [owner, reader, writer, ...others] = service.info.policies;
  expect(others).toEqual([]);
  expect(writer?.secondary).toContain(`SharedAccessKey=${chosen}`);
  for (const key of ["primary", "secondary"] as const) {
    const put = (id: string, connectionString: string | undefined) =>
      send("PUT", `/enrollments/${id}`, connectionString ?? "", {
        registrationId: id,
        attestation: { type: "symmetricKey" },
      });
    expect((await put(`pump-1-${key}`, owner?.[key]))[0]).toBe(200);
    expect((await put(`pump-2-${key}`, writer?.[key]))[0]).toBe(200);
    expect((await send("GET", `/enrollments/pump-2-${key}`, reader?.[key] ?? ""))[0]).toBe(200);
    const refused = await put(`pump-3-${key}`, reader?.[key]);
    expect(refused).toEqual([401, expect.stringContaining("does not have the permission EnrollmentWrite")]);
    expect((await send("GET", "/registrations/pump-1", writer?.[key] ?? ""))[0]).toBe(401);
  }
});

describe("queries that are not understood", () => {
  const query = { query: "SELECT * FROM devices" };
  const log = join(mkdtempSync(join(tmpdir(), "rollcall-queries-")), "log");
  const seed = { enrollments: [{ registrationId: "one", attestation: { type: "symmetricKey" as const } }] };
  afterAll(() => rmSync(dirname(log), { recursive: true }));

  it("are answered with everything, and warned about once in the log", async () => {
    await using lenient = await startRollcall({ seed, log: { file: log, format: "json", level: "warn" } });
    for (let n = 0; n < 3; n++) {
      const [status, text] = await send("POST", "/enrollments/query", lenient.info.connectionString, query, lenient);
      expect([status, JSON.parse(text)]).toMatchObject([200, [{ registrationId: "one" }]]);
    }
    const lines = readFileSync(log, "utf8").trim().split("\n");
    const warnings = lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter((line) => line["query"]);
    expect(warnings).toEqual([
      expect.objectContaining({
        level: 40,
        query: query.query,
        msg: expect.stringContaining("query, character 15: enrollments is expected"),
        remedy: expect.stringContaining("queries: strict"),
      }),
    ]);
  });

  it("are a 400 with the place where queries are strict; those that are understood are not", async () => {
    await using strict = await startRollcall({ seed, queries: "strict" });
    const ask = (body: object) => send("POST", "/enrollments/query", strict.info.connectionString, body, strict);
    const [status, text] = await ask(query);
    expect([status, JSON.parse(text)]).toMatchObject([400, { errorCode: 400004, info: { position: "15" } }]);
    for (const each of ["", "*", "SELECT * FROM enrollments WHERE enrollments.registrationId = 'ONE'"]) {
      expect((await ask({ query: each }))[0]).toBe(200);
    }
  });
});
