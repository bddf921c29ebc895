import { errorAnswer, topics } from "@rollcall/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPki, x509Group } from "./certificates.js";
import { deviceToken } from "./device-tokens.js";
import { startService, type TestService } from "./service.js";
import { callHttps, openMqtt } from "./sockets.js";
import { subscribed, symmetricIndividual } from "./symmetric.js";

/** The 2.0 C SDK asks for software updates before it registers (wire.md#software-updates), and 1.0 sends a csr (wire.md#csr). */

const key = Buffer.alloc(32, 71).toString("base64");
const pki = await createPki("Updates");
let service: TestService;

beforeAll(async () => {
  service = await startService({
    seed: {
      enrollments: ["su-1", "su-2", "su-3"].map((id) => symmetricIndividual(id, key)),
      enrollmentGroups: [x509Group("su", pki.root)],
    },
  });
});
afterAll(() => service.rollcall.stop());

/** As `c/src/features/su/su_protocol.c` writes it. */
const request =
  '{"agentInfo":{"agentSdkVersion":"2.0.0-preview.2","agentProfile":1,"compatibilityProperties":{"manufacturer":"contoso","model":"pump"}}}';
const report =
  '{"workflowId":"w","installResult":{"outcome":"SUCCEEDED","failureOrigin":"NOT_APPLICABLE","resultCode":700}}';
const rows = [
  { topic: topics.onboardingUpdates, path: "requestOnboardingUpdates", rid: "su1", body: request },
  { topic: topics.softwareUpdates, path: "requestSoftwareUpdates", rid: "su2", body: request },
  { topic: topics.updateStatus, path: "reportUpdateStatus", rid: "su3", body: report },
];

function expectNotLinked(body: unknown): void {
  expect(errorAnswer.parse(body)).toMatchObject({ errorCode: 409000, message: "UPDATE_ACCOUNT_NOT_LINKED" });
}

describe.each(rows)("$path", ({ topic, path, rid, body }) => {
  it.each(["key", "certificate"])(
    "over MQTT with a %s: 409, and the device registers on the connection",
    async (by) => {
      const id = by === "key" ? "su-1" : "su-x509";
      await using client = await open(by, id);
      client.publish(`${topic}?$rid=${rid}`, body, 1);
      await client.take("puback");
      const reply = await client.take("publish");
      expect(reply.topic).toBe(`$dps/registrations/res/409/?$rid=${rid}`);
      expectNotLinked(JSON.parse(reply.payload.toString()));
      // C 2.0 writes its register body without a registrationId.
      expect(await client.registration("{}")).toMatchObject({ status: 200, body: { status: "assigned" } });
      expect(client.isClosed).toBe(false);
      expect(await service.attempt(id)).toMatchObject({ outcome: "assigned" });
    },
  );

  const call = (token: string | undefined, id = "su-2") =>
    callHttps(service.https, {
      method: "POST",
      path: `/${service.idScope}/registrations/${id}/${path}?api-version=2026-11-02-preview`,
      headers: { "content-type": "application/json", ...(token !== undefined && { authorization: token }) },
      body,
    });

  it("over HTTPS: 409 with the text of the code, to whom the device's token belongs", async () => {
    const token = deviceToken({ idScope: service.idScope, registrationId: "su-2", key });
    const answer = await call(token);
    expect(answer.status).toBe(409);
    expectNotLinked(answer.body);
    // A good request is no attempt of its own.
    expect(await service.attempt("su-2")).toBeUndefined();
  });

  it("over HTTPS: 401 to anybody else", async () => {
    const stranger = Buffer.alloc(32, 72).toString("base64");
    const token = deviceToken({ idScope: service.idScope, registrationId: "su-3", key: stranger });
    expect(await call(token, "su-3")).toMatchObject({ status: 401, body: { errorCode: 401002 } });
    expect(await call(undefined, "su-3")).toMatchObject({ status: 401 });
    expect(await service.attempt("su-3")).toMatchObject({ outcome: "refused", reply: { status: 401 } });
  });
});

async function open(by: string, id: string) {
  if (by === "key") return await subscribed(service, { registrationId: id, key });
  const client = await openMqtt({ ...service.mqtt, presented: await pki.leaf(id) });
  const username = `${service.idScope}/registrations/${id}/api-version=2026-11-02-preview&ClientVersion=c%2F2.0.0`;
  await client.connect({ clientId: id, username });
  await client.subscribe();
  return client;
}

describe("a csr", () => {
  it.each([
    ["C 1.0", '{"csr":"MIIBCgIBADAA"}'],
    ["C 1.0 with a payload", '{"csr":"MIIBCgIBADAA","payload":{"site":"north"}}'],
    ["az", '{"registrationId":"su-1","csr":"MIIBCgIBADAA"}'],
  ])("of %s costs a finding, and not the registration", async (_, body) => {
    await using client = await subscribed(service, { registrationId: "su-1", key });
    const reply = await client.registration(body);
    expect(reply).toMatchObject({ status: 200, body: { status: "assigned", registrationState: { deviceId: "su-1" } } });
    expect(reply.body.registrationState).not.toHaveProperty("issuedCertificateChain");
    const codes = (await service.attempt("su-1"))?.findings.map((each) => each.code);
    expect(codes).toContain("protocol.csrNeedsPreview");
  });
});
