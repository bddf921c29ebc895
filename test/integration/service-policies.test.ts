import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { request } from "node:https";
import { type Rollcall, startRollcall } from "@rollcall/service";
import { afterAll, beforeAll, expect, it } from "vitest";

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

function send(method: string, path: string, connectionString: string, body?: unknown): Promise<[number, string]> {
  const { host, ports, caPath } = service.info;
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
  const enrollment = { registrationId: "pump-1", attestation: { type: "symmetricKey" } };
  for (const key of ["primary", "secondary"] as const) {
    expect((await send("PUT", "/enrollments/pump-1", owner?.[key] ?? "", enrollment))[0]).toBe(200);
    expect((await send("PUT", "/enrollments/pump-1", writer?.[key] ?? "", enrollment))[0]).toBe(200);
    expect((await send("GET", "/enrollments/pump-1", reader?.[key] ?? ""))[0]).toBe(200);
    const refused = await send("PUT", "/enrollments/pump-1", reader?.[key] ?? "", enrollment);
    expect(refused).toEqual([401, expect.stringContaining("does not have the permission EnrollmentWrite")]);
    expect((await send("GET", "/registrations/pump-1", writer?.[key] ?? ""))[0]).toBe(401);
  }
});
