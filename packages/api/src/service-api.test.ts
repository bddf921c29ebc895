import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { limits, serviceRoutes } from "@rollcall/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { keys, NOW, sas, serviceRig } from "./testing/service-rig.js";

let rig: Awaited<ReturnType<typeof serviceRig>>;
beforeEach(async () => {
  rig = await serviceRig();
});
afterEach(async () => {
  expect(rig.faults).toEqual([]);
  await rig.close();
});

const individual = (registrationId: string, over: object = {}) =>
  JSON.stringify({ registrationId, attestation: { type: "symmetricKey" }, ...over });
const put = (id: string, headers: Record<string, string> = {}) =>
  rig.sdk(`/enrollments/${id}`, { method: "PUT", body: individual(decodeURIComponent(id)), headers });

describe("enrollments over HTTPS", () => {
  it("are put, read and deleted", async () => {
    const created = await put("pump-1");
    expect(created.status).toBe(200);
    expect(created.headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect(created.headers.get("x-ms-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    const { etag } = created.json() as { etag: string };
    expect((await rig.sdk("/Enrollments/PUMP-1")).json()).toEqual(created.json());
    const refused = await put("pump-1", { "if-match": '"other"' });
    expect([refused.status, refused.headers.get("x-ms-error-code")]).toEqual([412, "412001"]);
    expect(refused.json()).toMatchObject({ errorCode: 412001, trackingId: refused.headers.get("x-ms-request-id") });
    expect((await put("pump-1", { "if-match": etag })).status).toBe(200);
    const gone = await rig.sdk("/enrollments/pump-1", { method: "DELETE", headers: { "if-match": "*" } });
    expect([gone.status, gone.text, gone.headers.get("content-type")]).toEqual([204, "", null]);
    expect((await rig.sdk("/enrollments/pump-1")).status).toBe(404);
  });

  it.each([
    ["enrollments", "registrationId", 409201],
    ["enrollmentGroups", "enrollmentGroupId", 409202],
  ])("of the collection %s are created by a PUT without If-Match, and not replaced", async (collection, id, code) => {
    const send = (over: object, headers: Record<string, string> = {}) => {
      const body = JSON.stringify({ [id]: "victim", attestation: { type: "symmetricKey" }, ...over });
      return rig.sdk(`/${collection}/victim`, { method: "PUT", body, headers });
    };
    const first = await send({ provisioningStatus: "disabled", initialTwin: { tags: { site: "north" } } });
    const keysOf = async () => (await rig.sdk(`/${collection}/victim/attestationmechanism`, { method: "POST" })).json();
    const before = await keysOf();
    const { etag } = first.json() as { etag: string };
    for (const over of [{ capabilities: { iotEdge: false } }, { etag }, { etag: "*" }]) {
      const refused = await send(over);
      expect([refused.status, refused.headers.get("x-ms-error-code")]).toEqual([409, String(code)]);
      expect(refused.json()).toMatchObject({ errorCode: code, message: expect.stringContaining("If-Match") });
    }
    // An empty header counts as absent.
    expect((await send({}, { "if-match": "" })).status).toBe(409);
    expect((await rig.sdk(`/${collection}/victim`)).json()).toEqual(first.json());
    expect(await keysOf()).toEqual(before);
    for (const ifMatch of ["*", '"*"']) expect((await send({}, { "if-match": ifMatch })).status).toBe(200);
    expect((await rig.sdk(`/${collection}/victim`)).json()).toMatchObject({ provisioningStatus: "enabled" });
    expect(await keysOf()).toEqual(before);
  });

  it("are not replaced by a PUT without If-Match: a case from the field", async () => {
    const read = (name: string) =>
      readFileSync(
        new URL(`../../../test/fixtures/field-cases/put-over-existing/${name}.json`, import.meta.url),
        "utf8",
      );
    const send = (name: string, headers: Record<string, string> = {}) =>
      rig.sdk("/enrollments/victim", { method: "PUT", body: read(name), headers });
    const first = await send("first");
    expect([first.status, first.json()]).toMatchObject([
      200,
      { deviceId: "line3-pump", provisioningStatus: "disabled" },
    ]);
    expect((await send("second")).json()).toMatchObject({ errorCode: 409201 });
    expect((await rig.sdk("/enrollments/victim")).json()).toEqual(first.json());
    const { etag } = first.json() as { etag: string };
    const updated = await send("second", { "if-match": etag });
    expect([updated.status, updated.json()]).toMatchObject([200, { provisioningStatus: "enabled" }]);
    expect(updated.json()).not.toHaveProperty("deviceId");
  });

  it("that name hubs name a policy", async () => {
    const iotHubs = ["hub-a.test"];
    const refused = await rig.sdk("/enrollments/a", { method: "PUT", body: individual("a", { iotHubs }) });
    expect([refused.status, refused.json()]).toEqual([
      400,
      expect.objectContaining({
        errorCode: 400004,
        message: "Enrollment allocationPolicy must be specified when iotHubs are specified.",
      }),
    ]);
    const body = individual("a", { iotHubs, allocationPolicy: "hashed" });
    expect((await rig.sdk("/enrollments/a", { method: "PUT", body })).status).toBe(200);
  });

  it("are created and not replaced with If-None-Match: *", async () => {
    const created = await put("pump-1", { "if-none-match": "*" });
    expect(created.status).toBe(200);
    const refused = await put("PUMP-1", { "if-none-match": "*" });
    expect([refused.status, refused.headers.get("x-ms-error-code")]).toEqual([412, "412001"]);
    for (const condition of ['"other"', '"*"', "*, *"]) {
      const answer = await put("pump-1", { "if-none-match": condition });
      expect([answer.status, answer.json()]).toMatchObject([400, { info: { path: "if-none-match" } }]);
    }
    expect((await rig.sdk("/enrollments/pump-1")).json()).toEqual(created.json());
    const read = await rig.sdk("/enrollments/pump-1", { headers: { "if-none-match": '"other"' } });
    expect(read.json()).toEqual(created.json());
  });

  it("have ids that are percent-encoded, once", async () => {
    expect((await put("a%3Ab")).json()).toMatchObject({ registrationId: "a:b" });
    expect((await rig.sdk("/enrollments/a:b")).status).toBe(200);
    const twice = await rig.sdk("/enrollments/a%253Ab");
    expect([twice.status, twice.json()]).toEqual([400, expect.objectContaining({ info: { path: "registrationId" } })]);
    expect((await rig.sdk("/enrollments/%zz")).status).toBe(400);
  });

  it("return their keys at attestationmechanism, which is requested without Content-Type and body", async () => {
    await put("pump-1");
    const { status, text } = await rig.sdk("/enrollments/pump-1/attestationmechanism", { method: "POST" });
    expect([status, text]).toEqual([200, expect.stringContaining('"primaryKey"')]);
    expect((await rig.sdk("/enrollments/pump-1")).text).not.toContain("primaryKey");
  });

  it.each(["/enrollments", "/enrollments/", "/ENROLLMENTS/"])("are changed in bulk at %s", async (path) => {
    const entry = { registrationId: "a", attestation: { type: "symmetricKey" } };
    const body = JSON.stringify({ mode: "create", enrollments: [entry, entry] });
    const { status, json } = await rig.sdk(path, { method: "POST", body });
    const error = { registrationId: "a", errorCode: 409201, errorStatus: "Already exists." };
    expect([status, json()]).toEqual([200, { isSuccessful: false, errors: [error] }]);
  });

  it("are queried page by page, with the headers that .NET and Java need", async () => {
    for (const id of ["a", "b", "c"]) await put(id);
    const query = (headers: Record<string, string>) =>
      rig.sdk("/enrollments/query", { method: "POST", body: '{"query":"SELECT * FROM enrollments"}', headers });
    const first = await query({ "x-ms-max-item-count": "2" });
    const token = first.headers.get("x-ms-continuation") ?? "";
    expect([first.headers.get("x-ms-item-type"), first.headers.get("x-ms-max-item-count")]).toEqual([
      "Enrollment",
      "2",
    ]);
    expect(first.json()).toMatchObject([{ registrationId: "a" }, { registrationId: "b" }]);
    const last = await query({ "x-ms-continuation": token });
    expect(last.json()).toMatchObject([{ registrationId: "c" }]);
    expect([last.headers.get("x-ms-continuation"), last.headers.get("x-ms-max-item-count")]).toEqual([null, "100"]);
    for (const headers of [
      { "x-ms-continuation": `${token}A` },
      { "x-ms-max-item-count": "0" },
      { "x-ms-max-item-count": "ten" },
    ]) {
      const { status, json } = await query(headers as Record<string, string>);
      expect([status, json()]).toEqual([400, expect.objectContaining({ info: { path: Object.keys(headers)[0] } })]);
    }
  });
});

it.each(["", "{'additional_properties': {}, 'query': 'SELECT *'}", "SELECT * FROM devices"])(
  "the query %j is answered with everything, and as .NET and C want it",
  async (query) => {
    await put("a");
    await put("b");
    const { status, headers, json } = await rig.sdk("/enrollments/query", {
      method: "POST",
      body: JSON.stringify({ query }),
    });
    expect([status, headers.get("x-ms-item-type"), json()]).toEqual([
      200,
      "Enrollment",
      [expect.objectContaining({ registrationId: "a" }), expect.objectContaining({ registrationId: "b" })],
    ]);
  },
);

describe("groups and registrations over HTTPS", () => {
  it("answer at their routes", async () => {
    const body = JSON.stringify({ enrollmentGroupId: "g", attestation: { type: "symmetricKey" } });
    expect((await rig.sdk("/enrollmentgroups/g", { method: "PUT", body })).status).toBe(200);
    expect((await rig.sdk("/enrollmentGroups/g")).json()).toMatchObject({ enrollmentGroupId: "g" });
    expect((await rig.sdk("/enrollmentgroups/g/attestationmechanism", { method: "POST" })).text).toContain(
      "primaryKey",
    );
    const groups = await rig.sdk("/enrollmentGroups/query", { method: "POST", body: '{"query":"*"}' });
    expect([groups.headers.get("x-ms-item-type"), (groups.json() as unknown[]).length]).toEqual(["EnrollmentGroup", 1]);
    const registered = await rig.sdk("/registrations/g/query", { method: "POST" });
    expect([registered.status, registered.headers.get("x-ms-item-type"), registered.text]).toEqual([
      200,
      "DeviceRegistration",
      "[]",
    ]);
    expect((await rig.sdk("/registrations/nobody")).json()).toMatchObject({ errorCode: 404201 });
    expect((await rig.sdk("/registrations/nobody", { method: "DELETE" })).status).toBe(404);
    expect((await rig.sdk("/enrollmentGroups/g", { method: "DELETE" })).status).toBe(204);
    const bulk = await rig.sdk("/enrollmentGroups/", {
      method: "POST",
      body: JSON.stringify({ mode: "delete", enrollmentGroups: [{ enrollmentGroupId: "g" }] }),
    });
    expect(bulk.json()).toEqual({
      isSuccessful: false,
      errors: [{ enrollmentGroupId: "g", errorCode: 404202, errorStatus: "Enrollment group not found." }],
    });
  });
});

describe("requests outside of the service API", () => {
  it.each([
    ["GET", "/enrollments/query", "POST"],
    ["PUT", "/enrollments/Query", "POST"],
    ["GET", "/enrollments/%71uery", "POST"],
    ["DELETE", "/enrollmentGroups/query", "POST"],
    ["GET", "/enrollments", "POST"],
    ["GET", "/enrollments/", "POST"],
    ["POST", "/enrollments/a", "GET, PUT, DELETE"],
    ["GET", "/enrollments/a/attestationmechanism", "POST"],
    ["PUT", "/registrations/a", "GET, DELETE"],
    ["HEAD", "/registrations/a", "GET, DELETE"],
  ])("%s %s → 405, Allow: %s", async (method, path, allow) => {
    for (const send of [rig.sdk, rig.owner]) {
      const answer = await send(path, { method });
      // The dashboard's server answers HEAD at every GET route.
      if (method === "HEAD" && send === rig.owner) continue;
      expect([answer.status, answer.headers.get("allow")]).toEqual([405, allow]);
    }
  });

  it.each([
    "/enrollments/query/attestationmechanism",
    "/registrations/query",
    "/registrations/",
    "/enrollments/a/",
    "/enrollmentz/a",
  ])("%s → 404", async (path) => {
    for (const send of [rig.sdk, rig.owner]) expect((await send(path, { method: "GET" })).status).toBe(404);
  });

  it.each([
    ["not JSON", "{", /cannot be read/],
    ["no object", "[]", /not a JSON object/],
    ["nothing", "", /not a JSON object/],
    ["not UTF-8", Buffer.from([0x22, 0xff, 0x22]), /UTF-8/],
    ["deep", "[".repeat(100) + "]".repeat(100), /nested/],
  ])("a body that is %s → 400", async (_, body, message) => {
    const answer = await rig.sdk("/enrollments/a", { method: "PUT", body });
    expect([answer.status, answer.json()]).toEqual([
      400,
      expect.objectContaining({ message: expect.stringMatching(message) }),
    ]);
  });

  it("a compressed body → 400 with the reason; Content-Encoding: utf-8 of the documentation has no effect", async () => {
    const ask = (body: Uint8Array<ArrayBuffer>, encoding: string) =>
      rig.sdk("/enrollments/a", { method: "PUT", body, headers: { "content-encoding": encoding } });
    const text = individual("a");
    const refused = await ask(new Uint8Array(gzipSync(text)), "gzip");
    expect([refused.status, refused.json()]).toMatchObject([
      400,
      { message: expect.stringMatching(/has to come without Content-Encoding/) },
    ]);
    expect((await ask(new TextEncoder().encode(text), "utf-8")).status).toBe(200);
  });

  it("a body that is too large → 413", async () => {
    const body = " ".repeat(limits.messageBytes + 1);
    expect((await rig.sdk("/enrollments/a", { method: "PUT", body })).status).toBe(413);
    expect((await rig.owner("/enrollments/a", { method: "PUT", body })).status).toBe(413);
  });

  it.each([
    ["", 400],
    ["?api-version=", 400],
    ["?api-version=latest", 400],
    ["?Api-Version=2019-03-31", 404],
    ["?a=1&api-version=2031-01-01-preview", 404],
  ])("api-version %j → %d", async (query, status) => {
    const answer = await rig.https(`/enrollments/a${query}`, { headers: { authorization: sas() } });
    expect(answer.status).toBe(status);
  });
});

describe("devices on the same listener", () => {
  it.each([
    ["PUT", "/0ne00000000/registrations/query/register", "register query"],
    ["POST", "/0ne00000000/registrations/query", "lookUp query"],
    ["GET", "/0ne00000000/registrations/a/operations/4.1", "operationStatus a"],
    ["PUT", "/enrollments/registrations/a/register", "register a"],
    ["POST", "/Enrollments/registrations/a", "lookUp a"],
    ["PUT", "/registrations/registrations/a/register", "register a"],
  ])("%s %s goes to the engine", async (method, path, operation) => {
    expect((await rig.https(path, { method })).status).toBe(200);
    expect(rig.asked).toEqual([operation]);
  });

  it("get no calls for routes of the service API", async () => {
    for (const path of ["/registrations/registrations/query", "/enrollments/registrations/attestationmechanism"]) {
      expect((await rig.sdk(path, { method: "POST" })).status).toBe(404);
    }
    expect(rig.asked).toEqual([]);
  });
});

describe("a shared access signature", () => {
  const ask = (authorization: string | undefined, path = "/enrollments/a", method = "GET") =>
    rig.https(`${path}?api-version=2021-10-01`, {
      method,
      headers: authorization === undefined ? {} : { authorization },
    });

  it.each([
    ["the host", "my-dps.test"],
    ["the host in different case", "MY-DPS.Test"],
    ["a host with a port", "my-dps.test:8443"],
    ["a host, encoded", "my-dps.test%3a8443"],
    ["an address", "127.0.0.1"],
    ["an address of IPv6", "[::1]:8443"],
    ["a longer prefix", "my-dps.test/enrollments"],
    ["a longer prefix, encoded as .NET does it", "my-dps.test%2FEnrollments%2Fa"],
    ["a prefix with a slash after it", "my-dps.test%2fenrollments%2f"],
  ])("may be for %s", async (_, resource) => {
    expect((await ask(sas({ resource }))).status).toBe(404);
  });

  it("may be made with the second key", async () => {
    expect((await ask(sas({ key: keys.second }))).status).toBe(404);
  });

  it.each([
    ["is missing", () => undefined, "no Authorization header"],
    ["is Azure AD's", () => "Bearer eyJ0", "not supported"],
    ["has a different scheme", () => "Basic abc", "cannot be read"],
    ["has no signature", () => "SharedAccessSignature sr=a&se=1", "it has no sig"],
    ["names no policy", () => sas({ policy: undefined }), "names no shared access policy"],
    ["names an unknown policy", () => sas({ policy: "nobody" }), 'no shared access policy "nobody"'],
    ["is made with a different key", () => sas({ key: keys.reader }), "was not made with a key"],
    ["was changed", () => sas().replace("my-dps", "My-dps"), "was not made with a key"],
    ["has expired", () => sas({ expiry: NOW / 1000 - 301 }), "expired"],
    ["is for a different host", () => sas({ resource: "other.test" }), 'for the host "other.test"'],
    ["is for a URL", () => sas({ resource: "https%3A%2F%2Fmy-dps.test" }), "without https://"],
    ["is for a different path", () => sas({ resource: "my-dps.test/enrollmentGroups" }), 'for "enrollmentgroups"'],
    ["is for half a segment", () => sas({ resource: "my-dps.test/enroll" }), 'for "enroll"'],
    ["is for a deeper path", () => sas({ resource: "my-dps.test/enrollments/a/b" }), "does not cover this request"],
  ])("that %s is refused with the reason", async (_, token, why) => {
    const answer = await ask(token());
    expect([answer.status, answer.headers.get("x-ms-error-code")]).toEqual([401, "401000"]);
    expect((answer.json() as { message: string }).message).toContain(why);
    for (const key of Object.values(keys)) expect(answer.text).not.toContain(key.toString("base64"));
  });

  it.each(Object.entries(serviceRoutes))(
    "of a policy that lacks the permission is refused: %s",
    async (_, { method, path, permission }) => {
      const answer = await ask(sas({ policy: "reader", key: keys.reader }), path.replace(":id", "a"), method);
      const mayRead = permission === "EnrollmentRead";
      expect(answer.status === 401).toBe(!mayRead);
      if (!mayRead) expect(answer.text).toContain(permission);
    },
  );
});

describe("the same routes on the dashboard listener", () => {
  it("serve holders of the management token, without api-version", async () => {
    expect((await rig.owner("/Enrollments/a", { method: "PUT", body: individual("a") })).status).toBe(200);
    expect((await rig.owner("/enrollments/a")).json()).toMatchObject({ registrationId: "a" });
    expect((await rig.owner("/enrollments/a/attestationmechanism", { method: "POST" })).text).toContain("primaryKey");
    const { headers } = await rig.owner("/enrollments/query", { method: "POST", body: '{"query":"*"}' });
    expect(headers.get("x-ms-item-type")).toBe("Enrollment");
  });

  it.each(Object.entries(serviceRoutes))("refuse everybody else: %s", async (_, { method, path }) => {
    for (const authorization of [undefined, "Bearer other", sas()]) {
      const headers = authorization === undefined ? {} : { authorization };
      const answer = await rig.dashboardRequest(path.replace(":id", "a"), { method, headers });
      expect([answer.status, answer.json()]).toEqual([401, expect.objectContaining({ errorCode: 401002 })]);
    }
  });

  it("refuse writes of pages of other origins", async () => {
    const write = (origin: string) =>
      rig.owner("/enrollments/a", { method: "PUT", body: individual("a"), headers: { origin } });
    for (const origin of ["http://evil.example", "null", "https://127.0.0.1", `${rig.dashboard}0`]) {
      expect((await write(origin)).status, origin).toBe(403);
    }
    expect((await rig.operator.counts()).individualEnrollments).toBe(0);
    expect((await write(rig.dashboard)).status).toBe(200);
  });
});
