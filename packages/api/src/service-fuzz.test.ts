import { serviceRoutes } from "@rollcall/protocol";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { serviceRig } from "./testing/service-rig.js";

let rig: Awaited<ReturnType<typeof serviceRig>>;
beforeAll(async () => {
  rig = await serviceRig();
});
afterAll(() => rig.close());

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.constantFrom("", "a", "create", "AAAA", "enabled", "x509", "*"),
);
const scalar = fc.oneof(
  text,
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.constant([]),
  fc.constant({}),
);
/** Names that a body may have, with arbitrary values, so that checks after the first are reached, too. */
const names = [
  "registrationId",
  "enrollmentGroupId",
  "deviceId",
  "attestation",
  "type",
  "x509",
  "tpm",
  "symmetricKey",
  "primaryKey",
  "secondaryKey",
  "clientCertificates",
  "signingCertificates",
  "caReferences",
  "primary",
  "secondary",
  "certificate",
  "info",
  "sha256Thumbprint",
  "endorsementKey",
  "iotHubs",
  "iotHubHostName",
  "allocationPolicy",
  "customAllocationDefinition",
  "webhookUrl",
  "apiVersion",
  "initialTwin",
  "tags",
  "properties",
  "desired",
  "reprovisionPolicy",
  "capabilities",
  "provisioningStatus",
  "optionalDeviceInformation",
  "mode",
  "enrollments",
  "enrollmentGroups",
  "query",
  "__proto__",
  "constructor",
  "toString",
];
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { depthSize: "small" },
    scalar,
    fc.dictionary(fc.constantFrom(...names), tie("tree")),
    fc.array(tie("tree"), { maxLength: 3 }),
  ),
}));
const attestation = fc.oneof(
  tree,
  fc.record(
    { type: fc.constantFrom("symmetricKey", "x509", "tpm", "none"), x509: tree, symmetricKey: tree, tpm: tree },
    { requiredKeys: ["type"] },
  ),
);
const enrollment = fc.tuple(tree, attestation).map(([rest, how]) => ({
  ...(typeof rest === "object" ? rest : {}),
  registrationId: "a",
  enrollmentGroupId: "a",
  attestation: how,
}));
/** A valid enrollment, with arbitrary values in its free members. */
const good = fc
  .record({ deviceId: fc.constantFrom("a", "b c"), optionalDeviceInformation: tree }, { requiredKeys: [] })
  .map((rest) => ({ ...rest, registrationId: "a", enrollmentGroupId: "a", attestation: { type: "symmetricKey" } }));
const query = fc.oneof(
  text,
  fc
    .array(fc.constantFrom("SELECT", "*", "WHERE", "a", "=", "'b'", "AND", "(", ")", "ORDER BY", "registrationId"), {
      maxLength: 12,
    })
    .map((all) => all.join(" ")),
);
const body = fc.oneof(
  { weight: 1, arbitrary: tree },
  { weight: 2, arbitrary: enrollment },
  { weight: 3, arbitrary: good },
  { weight: 2, arbitrary: fc.record({ query }) },
  fc.record({
    mode: fc.constantFrom("create", "update", "delete", "updateIfMatchEtag"),
    enrollments: fc.array(fc.oneof(tree, enrollment), { maxLength: 4 }),
    enrollmentGroups: fc.array(fc.oneof(tree, enrollment), { maxLength: 4 }),
  }),
);
const bytes = fc.oneof(
  { weight: 4, arbitrary: body.map((value) => Buffer.from(JSON.stringify(value))) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }).map((value) => Buffer.from(value)) },
);
const header = fc.stringMatching(/^[!-~]{0,30}$/);
const headers = fc.record(
  {
    "if-match": fc.oneof(header, fc.constant("*")),
    "x-ms-continuation": header,
    "x-ms-max-item-count": fc.oneof(header, fc.nat().map(String)),
    "content-type": header,
  },
  { requiredKeys: [] },
);
const id = fc.oneof(
  fc.constant("a"),
  fc.constantFrom("a", "A", "query", "%2e", "%00", "a%2Fb"),
  fc.string({ unit: "binary", maxLength: 12 }).map((value) => encodeURIComponent(Buffer.from(value).toString())),
);

/** Runs first: a request that succeeds, and a different ETag. */
const known = { registrationId: "a", attestation: { type: "symmetricKey" } };
const common = { id: "a", bytes: Buffer.from(JSON.stringify(known)), overHttps: false };
const asPeopleDo: [
  typeof common & { route: (typeof serviceRoutes)[keyof typeof serviceRoutes]; headers: { "if-match"?: string } },
][] = [
  [{ ...common, route: serviceRoutes.putEnrollment, headers: {} }],
  [{ ...common, route: serviceRoutes.deleteEnrollment, headers: { "if-match": '"other"' } }],
  [{ ...common, route: serviceRoutes.deleteEnrollment, headers: {} }],
];

it("answers any request with JSON, and never with an internal error", async () => {
  const request = fc.record({
    route: fc.constantFrom(...Object.values(serviceRoutes)),
    id,
    bytes,
    headers,
    overHttps: fc.boolean(),
  });
  const seen = new Set<number>();
  await fc.assert(
    fc.asyncProperty(request, async (sent) => {
      const { method, path } = sent.route;
      const send = sent.overHttps ? rig.sdk : rig.owner;
      const hasBody = method === "POST" || method === "PUT";
      // So that there is a record to delete, whatever the requests before did.
      if (method === "DELETE" && path !== serviceRoutes.deleteRegistration.path) {
        const there = { registrationId: "a", enrollmentGroupId: "a", attestation: { type: "symmetricKey" } };
        await rig.owner(path.replace(":id", "a"), { method: "PUT", body: JSON.stringify(there) });
      }
      const answer = await send(path.replace(":id", sent.id), {
        method,
        headers: sent.headers as Record<string, string>,
        ...(hasBody && { body: new Uint8Array(sent.bytes) }),
      });
      seen.add(answer.status);
      expect([200, 204, 400, 404, 405, 409, 412, 403]).toContain(answer.status);
      if (answer.status === 204) expect(answer.text).toBe("");
      else expect(answer.json()).toBeTypeOf("object");
      if (answer.status >= 400)
        expect(answer.json()).toMatchObject({ errorCode: expect.any(Number), trackingId: expect.any(String) });
    }),
    { numRuns: 600, examples: asPeopleDo },
  );
  expect(rig.faults).toEqual([]);
  // Not all requests were refused by the first check.
  expect([...seen]).toEqual(expect.arrayContaining([200, 204, 400, 404, 405, 412]));
});
