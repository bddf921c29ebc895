import { issueLeaf, issueRoot } from "@rollcall/pki";
import type { DpsError, EnrollmentKind } from "@rollcall/protocol";
import { describe, expect, it } from "vitest";
import { operatorRig, registrationOf } from "../testing/operator-rig.js";
import { createOperator } from "./operator.js";

type Body = Record<string, unknown>;
const key = (fill: number) => Buffer.alloc(32, fill).toString("base64");
const keys = (first: number, second: number) => ({
  type: "symmetricKey",
  symmetricKey: { primaryKey: key(first), secondaryKey: key(second) },
});
const individual = (registrationId: string, over: Body = {}): Body => ({
  registrationId,
  attestation: { type: "symmetricKey" },
  ...over,
});
const group = (enrollmentGroupId: string, over: Body = {}): Body => ({
  enrollmentGroupId,
  attestation: { type: "symmetricKey" },
  ...over,
});
const webhook = { webhookUrl: "https://hook.test/", apiVersion: "2019-03-31" };
const refusal = (kind: DpsError["kind"], path?: string) =>
  expect.objectContaining({ name: "DpsError", kind, ...(path !== undefined && { info: { path } }) });

const kinds = [
  {
    kind: "individual",
    body: individual,
    idName: "registrationId",
    notFound: "enrollmentNotFound",
    exists: "alreadyExists",
  },
  {
    kind: "group",
    body: group,
    idName: "enrollmentGroupId",
    notFound: "enrollmentGroupNotFound",
    exists: "groupAlreadyExists",
  },
] as const satisfies readonly { kind: EnrollmentKind; [name: string]: unknown }[];

describe.each(kinds)("an enrollment of kind $kind", ({ kind, body, idName, notFound, exists }) => {
  it("is created with the defaults of wire.md#individualenrollment, and read back the same", async () => {
    const { operator } = operatorRig();
    const created = await operator.putEnrollment(kind, "Line-3", body("Line-3"));
    expect(created).toEqual({
      [idName]: "Line-3",
      attestation: { type: "symmetricKey" },
      capabilities: { iotEdge: false },
      allocationPolicy: "hashed",
      reprovisionPolicy: { updateHubAssignment: true, migrateDeviceData: true },
      provisioningStatus: "enabled",
      etag: expect.stringMatching(/^"[0-9a-f]{24}"$/),
      createdDateTimeUtc: "2026-11-23T00:00:00.0000000Z",
      lastUpdatedDateTimeUtc: "2026-11-23T00:00:00.0000000Z",
    });
    expect(await operator.enrollment(kind, "LINE-3")).toEqual(created);
  });

  it("is created by a PUT without If-Match, which leaves an existing enrollment unchanged", async () => {
    const { operator } = operatorRig();
    const first = { provisioningStatus: "disabled", initialTwin: { tags: { site: "north" } } };
    const created = await operator.putEnrollment(kind, "Ab", body("Ab", first));
    const keysOf = await operator.attestationMechanism(kind, "Ab");
    for (const over of [body("aB"), body("aB", { etag: created["etag"] }), body("aB", { etag: "*" })]) {
      await expect(operator.putEnrollment(kind, "aB", over)).rejects.toEqual(refusal(exists));
    }
    expect(await operator.enrollment(kind, "Ab")).toEqual(created);
    expect(await operator.attestationMechanism(kind, "Ab")).toEqual(keysOf);
    const updated = await operator.putEnrollment(kind, "aB", body("aB"), "*");
    expect(updated).toMatchObject({ provisioningStatus: "enabled" });
    await operator.deleteEnrollment(kind, "ab");
    expect(await operator.putEnrollment(kind, "aB", body("aB"))).toMatchObject({ [idName]: "aB" });
  });

  it("is created by one of many simultaneous PUTs", async () => {
    const { operator } = operatorRig();
    const puts = await Promise.allSettled(
      Array.from({ length: 20 }, () => operator.putEnrollment(kind, "a", body("a"))),
    );
    const refused = puts.flatMap((each) => (each.status === "rejected" ? [each.reason] : []));
    expect(refused).toEqual(Array.from({ length: 19 }, () => refusal(exists)));
  });

  it("shows the policy that applies: its own, or else the service's", async () => {
    const { context } = operatorRig();
    const operator = createOperator({ ...context, allocationPolicy: "geoLatency" });
    expect(await operator.putEnrollment(kind, "a", body("a"))).toMatchObject({ allocationPolicy: "geoLatency" });
    const own = body("b", { allocationPolicy: "hashed" });
    expect(await operator.putEnrollment(kind, "b", own)).toMatchObject({ allocationPolicy: "hashed" });
    const old = body("c", { iotHubHostName: "hub-a.test" });
    const written = await operator.putEnrollment(kind, "c", old);
    expect(written).toMatchObject({ iotHubHostName: "hub-a.test", allocationPolicy: "static" });
    // The answer may be sent back.
    expect(await operator.putEnrollment(kind, "c", written, "*")).toMatchObject({ iotHubHostName: "hub-a.test" });
  });

  it.each([
    ["no hubs and no policy", {}],
    ["an empty list of hubs, and no policy", { iotHubs: [] }],
    ["null for both", { iotHubs: null, allocationPolicy: null }],
    ["hubs with a policy", { iotHubs: ["hub-a.test", "hub-b.test"], allocationPolicy: "geoLatency" }],
    ["static with one hub", { iotHubs: ["hub-a.test"], allocationPolicy: "static" }],
    ["static without a hub", { allocationPolicy: "static" }],
    [
      "a webhook with a policy other than custom",
      { allocationPolicy: "geoLatency", customAllocationDefinition: webhook },
    ],
  ])("may have %s", async (_, over) => {
    const { operator } = operatorRig();
    const { attestation, ...said } = body("x", over);
    const known = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== null));
    expect(await operator.putEnrollment(kind, "x", { ...said, attestation })).toMatchObject(known);
  });

  it.each([
    ["one hub", { iotHubs: ["hub-a.test"] }],
    ["two hubs", { iotHubs: ["hub-a.test", "hub-b.test"], allocationPolicy: null }],
  ])("must not name %s without a policy; the message is the service's own", async (_, over) => {
    const { operator } = operatorRig();
    const message = "Enrollment allocationPolicy must be specified when iotHubs are specified.";
    const error = { kind: "badRequest", message, info: { path: "allocationPolicy" } };
    await expect(operator.putEnrollment(kind, "x", body("x", over))).rejects.toMatchObject(error);
    const entries = { [kind === "group" ? "enrollmentGroups" : "enrollments"]: [body("x", over)] };
    expect((await operator.bulk(kind, { mode: "create", ...entries })).errors).toEqual([
      { id: "x", errorCode: 400004, errorStatus: message },
    ]);
  });

  it("with many simultaneous writes: all with If-Match * succeed, one with the same etag, and the keys stay", async () => {
    const { operator } = operatorRig();
    const { etag } = await operator.putEnrollment(kind, "a", body("a"));
    const made = await operator.attestationMechanism(kind, "a");
    const put = (ifMatch: string) => operator.putEnrollment(kind, "a", body("a"), ifMatch);
    const all = await Promise.all(Array.from({ length: 30 }, () => put("*")));
    expect(new Set(all.map((each) => each["etag"])).size).toBe(30);
    const current = (await operator.enrollment(kind, "a"))["etag"];
    const guarded = await Promise.allSettled(Array.from({ length: 30 }, () => put(String(current))));
    expect(guarded.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    await expect(put(String(etag))).rejects.toEqual(refusal("preconditionFailed"));
    expect(await operator.attestationMechanism(kind, "a")).toEqual(made);
  });

  it("keeps known members, and drops unknown members", async () => {
    const { operator } = operatorRig();
    const said = {
      capabilities: { iotEdge: true },
      iotHubs: ["hub-b.test"],
      allocationPolicy: "custom",
      customAllocationDefinition: { webhookUrl: "https://hook.test/x?code=1", apiVersion: "2019-03-31" },
      initialTwin: { tags: { site: "north" }, properties: { desired: { interval: 5 } } },
      reprovisionPolicy: { updateHubAssignment: false, migrateDeviceData: false },
      provisioningStatus: "disabled",
      credentialPolicyName: "default",
      namespaceName: "my-namespace",
      certificateAuthorityName: "my-authority",
      certificatePolicyName: "my-policy",
    };
    const noise = { primaryKey: key(1), attestations: keys(1, 2), iotHubHostName: null };
    expect(await operator.putEnrollment(kind, "x", { ...body("x"), ...said, ...noise })).toEqual({
      ...body("x"),
      ...said,
      etag: expect.any(String),
      createdDateTimeUtc: expect.any(String),
      lastUpdatedDateTimeUtc: expect.any(String),
    });
  });

  it("is replaced: the id's spelling and the date of creation stay, the etag changes", async () => {
    const { operator, clock } = operatorRig();
    const created = await operator.putEnrollment(
      kind,
      "Ab",
      body("Ab", { allocationPolicy: "hashed", iotHubs: ["hub-a.test"] }),
    );
    clock.now += 1000;
    const updated = await operator.putEnrollment(kind, "aB", body("aB"), "*");
    expect(updated).toMatchObject({
      [idName]: "Ab",
      createdDateTimeUtc: created["createdDateTimeUtc"],
      lastUpdatedDateTimeUtc: "2026-11-23T00:00:01.0000000Z",
    });
    expect(updated["etag"]).not.toBe(created["etag"]);
    expect(Object.keys(updated)).not.toContain("iotHubs");
  });

  it("is written and deleted only with a matching etag, quoted or not", async () => {
    const { operator } = operatorRig();
    const { etag } = await operator.putEnrollment(kind, "x", body("x"));
    const bare = String(etag).replaceAll('"', "");
    await expect(operator.putEnrollment(kind, "x", body("x"), "other")).rejects.toEqual(refusal("preconditionFailed"));
    await expect(operator.deleteEnrollment(kind, "x", '"other"')).rejects.toEqual(refusal("preconditionFailed"));
    const second = await operator.putEnrollment(kind, "x", body("x"), `"${etag}"`);
    await expect(operator.putEnrollment(kind, "x", body("x"), bare)).rejects.toEqual(refusal("preconditionFailed"));
    await operator.putEnrollment(kind, "x", body("x"), "*");
    const third = await operator.putEnrollment(kind, "x", body("x"), '"other", *');
    await operator.putEnrollment(kind, "x", body("x"), `"other", ${String(third["etag"])}`);
    await expect(operator.putEnrollment(kind, "x", body("x"), '"one", "two"')).rejects.toEqual(
      refusal("preconditionFailed"),
    );
    await expect(operator.deleteEnrollment(kind, "x", String(second["etag"]))).rejects.toEqual(
      refusal("preconditionFailed"),
    );
    await operator.deleteEnrollment(kind, "X", "*");
    await expect(operator.enrollment(kind, "x")).rejects.toEqual(refusal(notFound));
  });

  it("is created if absent, and stays unchanged if it exists", async () => {
    const { operator } = operatorRig();
    const answers = await Promise.allSettled(
      ["Ab", "aB", "AB"].map((id) => operator.createEnrollment(kind, id, body(id))),
    );
    const [created, ...others] = answers.filter(({ status }) => status === "fulfilled");
    expect(others).toEqual([]);
    expect(await operator.enrollment(kind, "ab")).toEqual(created?.status === "fulfilled" && created.value);
    await expect(operator.createEnrollment(kind, "ab", body("ab"))).rejects.toEqual(refusal("preconditionFailed"));
  });

  it("that does not exist cannot match an etag, and cannot be deleted", async () => {
    const { operator, store } = operatorRig();
    for (const etag of ["*", '"e"']) {
      await expect(operator.putEnrollment(kind, "x", body("x"), etag)).rejects.toEqual(refusal("preconditionFailed"));
    }
    await expect(operator.deleteEnrollment(kind, "x")).rejects.toEqual(refusal(notFound));
    await expect(operator.deleteEnrollment(kind, "x", "*")).rejects.toEqual(refusal(notFound));
    await expect(operator.attestationMechanism(kind, "x")).rejects.toEqual(refusal(notFound));
    expect(await store.counts()).toMatchObject({ individualEnrollments: 0, enrollmentGroups: 0 });
  });

  it("is written by exactly one of many writers with the same etag", async () => {
    const { operator } = operatorRig();
    const { etag } = await operator.putEnrollment(kind, "x", body("x"));
    const writes = Array.from({ length: 20 }, () => operator.putEnrollment(kind, "x", body("x"), String(etag)));
    const results = await Promise.allSettled(writes);
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const losers = results.flatMap((each) => (each.status === "rejected" ? [each.reason] : []));
    expect(losers).toEqual(losers.map(() => refusal("preconditionFailed")));
  });

  it.each([
    ["", "has no id", { [idName]: undefined }, idName],
    ["x", "a different id than in the path", { [idName]: "y" }, idName],
    ["x", "no attestation", { attestation: undefined }, "attestation"],
    ["x", "attestation none", { attestation: { type: "none" } }, "attestation.type"],
    [
      "x",
      "a short key",
      { attestation: { type: "symmetricKey", symmetricKey: { primaryKey: "AAAA" } } },
      "attestation.symmetricKey.primaryKey",
    ],
    [
      "x",
      "only the primary key",
      { attestation: { type: "symmetricKey", symmetricKey: { primaryKey: key(1) } } },
      "attestation.symmetricKey.secondaryKey",
    ],
    [
      "x",
      "only the secondary key",
      { attestation: { type: "symmetricKey", symmetricKey: { secondaryKey: key(1) } } },
      "attestation.symmetricKey.primaryKey",
    ],
    ["x", "no certificate", { attestation: { type: "x509", x509: {} } }, "attestation.x509"],
    ["x", "an unlinked hub", { iotHubs: ["hub-a.test", "hub-c.test"] }, "iotHubs.1"],
    ["x", "an unlinked hub, in the old way", { iotHubHostName: "hub-c.test" }, "iotHubHostName"],
    ["x", "static, two hubs", { allocationPolicy: "static", iotHubs: ["hub-a.test", "hub-b.test"] }, "iotHubs"],
    ["x", "an unknown policy", { allocationPolicy: "nearest" }, "allocationPolicy"],
    ["x", "custom without a definition", { allocationPolicy: "custom" }, "customAllocationDefinition"],
    [
      "x",
      "a webhook that is not an address",
      { customAllocationDefinition: { webhookUrl: "hook", apiVersion: "2019-03-31" } },
      "customAllocationDefinition.webhookUrl",
    ],
    [
      "x",
      "a webhook over ftp",
      { customAllocationDefinition: { webhookUrl: "ftp://a.b/", apiVersion: "2019-03-31" } },
      "customAllocationDefinition.webhookUrl",
    ],
    [
      "x",
      "a webhook of an old version",
      { customAllocationDefinition: { webhookUrl: "http://a.b/", apiVersion: "2018-04-01" } },
      "customAllocationDefinition.apiVersion",
    ],
    ["x", "an unknown status", { provisioningStatus: "off" }, "provisioningStatus"],
    ["x", "iotEdge as a text", { capabilities: { iotEdge: "yes" } }, "capabilities.iotEdge"],
    [
      "x",
      "large tags",
      { initialTwin: { tags: Object.fromEntries(Array.from({ length: 9 }, (_, n) => [`t${n}`, "x".repeat(1000)])) } },
      "initialTwin.tags",
    ],
    [
      "x",
      "a dot in a name",
      { initialTwin: { properties: { desired: { "a.b": 1 } } } },
      "initialTwin.properties.desired",
    ],
    [
      "x",
      "deep properties",
      { initialTwin: { properties: { desired: JSON.parse(`${'{"a":'.repeat(12)}1${"}".repeat(12)}`) } } },
      "initialTwin.properties.desired",
    ],
  ])("is refused with the path of the invalid member (%s %s)", async (_id, _, over, path) => {
    const { operator, store } = operatorRig();
    const error: unknown = await operator
      .putEnrollment(kind, "x", { ...body("x"), ...over })
      .catch((each: unknown) => each);
    expect(error).toEqual(refusal("badRequest", path));
    expect((error as Error).message).toContain(path);
    expect(await store.counts()).toMatchObject({ individualEnrollments: 0, enrollmentGroups: 0 });
  });

  it.each([null, undefined, "text", 3, [], [{}]])("is not %j", async (value) => {
    const { operator } = operatorRig();
    await expect(operator.putEnrollment(kind, "x", value)).rejects.toEqual(refusal("badRequest"));
  });

  it.each(["a b", "a/b", "", "x".repeat(129), "dot."])("cannot have the id %j", async (id) => {
    const { operator } = operatorRig();
    const bad = expect.objectContaining({ info: { path: idName } });
    await expect(operator.enrollment(kind, id)).rejects.toEqual(bad);
    await expect(operator.putEnrollment(kind, id, body(id))).rejects.toEqual(bad);
  });
});

describe("symmetric keys", () => {
  it("are generated, shown only by attestationmechanism, and kept by updates that leave them out", async () => {
    const { operator } = operatorRig();
    const created = await operator.putEnrollment("individual", "x", individual("x"));
    const mechanism = await operator.attestationMechanism("individual", "x");
    const { symmetricKey } = mechanism as { symmetricKey: { primaryKey: string; secondaryKey: string } };
    expect(Buffer.from(symmetricKey.primaryKey, "base64")).toHaveLength(64);
    expect(symmetricKey.primaryKey).not.toBe(symmetricKey.secondaryKey);
    const sentBack = [
      created,
      { ...created, attestation: { type: "symmetricKey", symmetricKey: {} } },
      { ...created, attestation: { type: "symmetricKey", symmetricKey: null } },
      { ...created, attestation: { type: "symmetricKey", symmetricKey: { primaryKey: null, secondaryKey: "" } } },
    ];
    for (const body of sentBack) await operator.putEnrollment("individual", "x", body, "*");
    expect(await operator.attestationMechanism("individual", "x")).toEqual(mechanism);
    expect(JSON.stringify(await operator.query("individual", { query: "*" }, {}))).not.toContain("primaryKey");
  });

  it("are rolled one at a time", async () => {
    const { operator } = operatorRig();
    await operator.putEnrollment("group", "g", group("g", { attestation: keys(1, 2) }));
    const rolled = { attestation: { type: "symmetricKey", symmetricKey: { secondaryKey: key(3) } } };
    await operator.putEnrollment("group", "g", group("g", rolled), "*");
    expect(await operator.attestationMechanism("group", "g")).toEqual(keys(1, 3));
  });

  it("cannot be changed into a different kind of attestation", async () => {
    const { operator } = operatorRig();
    await operator.putEnrollment("individual", "x", individual("x"));
    const { certificatePem } = await issueLeaf({ commonName: "x" });
    const x509 = { clientCertificates: { primary: { certificate: certificatePem } } };
    await expect(
      operator.putEnrollment("individual", "x", individual("x", { attestation: { type: "x509", x509 } }), "*"),
    ).rejects.toEqual(refusal("badRequest", "attestation.type"));
  });
});

describe("certificates", () => {
  const x509 = (holds: string, certificate: string) => ({
    attestation: { type: "x509", x509: { [holds]: { primary: { certificate } } } },
  });

  it("are shown as info, and kept when this info is sent back", async () => {
    const { operator, store } = operatorRig();
    const first = await issueLeaf({ commonName: "x" });
    const second = await issueLeaf({ commonName: "x" });
    const created = await operator.putEnrollment(
      "individual",
      "x",
      individual("x", x509("clientCertificates", first.certificatePem)),
    );
    expect(JSON.stringify(created)).not.toContain('certificate"');
    const info = { subjectName: "CN=x", sha256Thumbprint: first.certificate.sha256, version: 3 };
    expect(created).toMatchObject({ attestation: { x509: { clientCertificates: { primary: { info } } } } });
    const before = (await store.individualEnrollment("x"))?.attestation;
    await operator.putEnrollment("individual", "x", created, "*");
    await operator.putEnrollment("individual", "x", individual("x", { attestation: { type: "x509" } }), "*");
    expect((await store.individualEnrollment("x"))?.attestation).toEqual(before);
    const asRead = (created["attestation"] as { x509: { clientCertificates: { primary: unknown } } }).x509
      .clientCertificates.primary;
    const clientCertificates = {
      primary: { certificate: second.certificate.der.toString("base64") },
      secondary: asRead,
    };
    const rolled = await operator.putEnrollment(
      "individual",
      "x",
      individual("x", { attestation: { type: "x509", x509: { clientCertificates } } }),
      "*",
    );
    expect(rolled).toMatchObject({
      attestation: {
        x509: {
          clientCertificates: {
            primary: { info: { sha256Thumbprint: second.certificate.sha256 } },
            secondary: { info },
          },
        },
      },
    });
    expect((await store.enrollmentsByLeaf(first.certificate.sha256)).map((each) => each.registrationId)).toEqual(["x"]);
  });

  it("may lack the primary: after its removal, the secondary stays, and look-ups find it", async () => {
    const { operator, store } = operatorRig();
    const [first, second] = [await issueLeaf({ commonName: "x" }), await issueLeaf({ commonName: "x" })];
    const pair = {
      primary: { certificate: first.certificatePem },
      secondary: { certificate: second.certificatePem },
    };
    const put = (clientCertificates: object, ifMatch?: string) =>
      operator.putEnrollment(
        "individual",
        "x",
        individual("x", { attestation: { type: "x509", x509: { clientCertificates } } }),
        ifMatch,
      );
    const created = (await put(pair)) as { attestation: { x509: { clientCertificates: { secondary: object } } } };
    const { secondary } = created.attestation.x509.clientCertificates;
    expect((await put({ primary: null, secondary }, "*"))["attestation"]).toEqual({
      type: "x509",
      x509: { clientCertificates: { secondary } },
    });
    expect(await operator.enrollment("individual", "x")).toMatchObject({
      attestation: { x509: { clientCertificates: { secondary } } },
    });
    expect(await store.enrollmentsByLeaf(first.certificate.sha256)).toEqual([]);
    expect((await store.enrollmentsByLeaf(second.certificate.sha256)).map((each) => each.registrationId)).toEqual([
      "x",
    ]);
    await expect(put({ primary: null, secondary: null }, "*")).rejects.toEqual(
      refusal("badRequest", "attestation.x509.clientCertificates"),
    );
  });

  it("must be in the member for their kind of enrollment", async () => {
    const { operator } = operatorRig();
    const leaf = (await issueLeaf({ commonName: "x" })).certificatePem;
    const root = (await issueRoot({ commonName: "Root" })).certificatePem;
    const put = (kind: EnrollmentKind, over: Body) =>
      operator.putEnrollment(kind, "x", kind === "individual" ? individual("x", over) : group("x", over));
    await expect(put("individual", x509("signingCertificates", root))).rejects.toEqual(
      refusal("badRequest", "attestation.x509.signingCertificates"),
    );
    await expect(put("group", x509("clientCertificates", leaf))).rejects.toEqual(
      refusal("badRequest", "attestation.x509.clientCertificates"),
    );
    await expect(put("group", x509("signingCertificates", leaf))).rejects.toEqual(
      refusal("badRequest", "attestation.x509.signingCertificates.primary.certificate"),
    );
    await expect(put("group", x509("signingCertificates", "AAAA"))).rejects.toEqual(
      refusal("badRequest", "attestation.x509.signingCertificates.primary.certificate"),
    );
    const both = { clientCertificates: { primary: { certificate: leaf } }, caReferences: { primary: "a" } };
    await expect(put("individual", { attestation: { type: "x509", x509: both } })).rejects.toEqual(
      refusal("badRequest", "attestation.x509"),
    );
    await put("group", x509("signingCertificates", root));
  });

  it("are accepted after their expiry: the device gets the reason when it registers", async () => {
    const { operator } = operatorRig();
    const past = await issueLeaf({ commonName: "x", notBefore: new Date("2020-01-01"), days: 1 });
    await operator.putEnrollment("individual", "x", individual("x", x509("clientCertificates", past.certificatePem)));
  });

  it("with only a thumbprint have every field that Java requires", async () => {
    const { operator } = operatorRig();
    const primary = { info: { sha256Thumbprint: "ab".repeat(32) } };
    const created = await operator.putEnrollment(
      "individual",
      "x",
      individual("x", { attestation: { type: "x509", x509: { clientCertificates: { primary } } } }),
    );
    const shown = created as { attestation: { x509: { clientCertificates: { primary: { info: Body } } } } };
    const { info } = shown.attestation.x509.clientCertificates.primary;
    expect(info["sha256Thumbprint"]).toBe("AB".repeat(32));
    expect(Object.values(info)).toHaveLength(8);
    expect(Object.values(info).every((value) => value !== "" && value !== null)).toBe(true);
  });

  it("can be referred to by name after upload and verification", async () => {
    const { operator, store } = operatorRig();
    const root = await issueRoot({ commonName: "Root" });
    const { der, sha256 } = root.certificate;
    const record = {
      name: "Factory",
      der: der.toString("base64"),
      thumbprint: sha256,
      isVerified: false,
      etag: "1",
      createdAt: 1,
      updatedAt: 1,
    };
    const put = (primary: string) =>
      operator.putEnrollment(
        "group",
        "g",
        group("g", { attestation: { type: "x509", x509: { caReferences: { primary } } } }),
      );
    const path = "attestation.x509.caReferences.primary";
    await expect(put("factory")).rejects.toEqual(refusal("badRequest", path));
    await store.putCaCertificate(record);
    await expect(put("factory")).rejects.toThrow(/not verified/);
    await store.putCaCertificate({ ...record, isVerified: true });
    expect(await put("factory")).toMatchObject({
      attestation: { type: "x509", x509: { caReferences: { primary: "factory" } } },
    });
    expect((await store.enrollmentGroup("g"))?.attestation).toMatchObject({
      holds: "caReferences",
      primaryName: "factory",
      primary: { der: record.der, thumbprint: sha256, subject: root.certificate.subjectRaw.toString("hex") },
    });
  });
});

describe("TPMs", () => {
  it("need an endorsement key, and are not for groups", async () => {
    const { operator } = operatorRig();
    const attestation = (endorsementKey: string) => ({ attestation: { type: "tpm", tpm: { endorsementKey } } });
    for (const bad of ["AAAA", "not base64"]) {
      await expect(operator.putEnrollment("individual", "x", individual("x", attestation(bad)))).rejects.toEqual(
        refusal("badRequest", "attestation.tpm.endorsementKey"),
      );
    }
    await expect(operator.putEnrollment("group", "x", group("x", attestation("AAAA")))).rejects.toEqual(
      refusal("badRequest", "attestation.type"),
    );
  });
});

describe("device ids", () => {
  it("follow IoT Hub's rule", async () => {
    const { operator } = operatorRig();
    await expect(operator.putEnrollment("individual", "x", individual("x", { deviceId: "a b" }))).rejects.toEqual(
      refusal("badRequest", "deviceId"),
    );
    const created = await operator.putEnrollment(
      "individual",
      "x",
      individual("x", { deviceId: "A$b", optionalDeviceInformation: { shelf: 3 } }),
    );
    expect(created).toMatchObject({ deviceId: "A$b", optionalDeviceInformation: { shelf: 3 } });
  });
});

describe("groups", () => {
  it("are at most 100 of each kind, also with simultaneous creations", async () => {
    const { operator, store } = operatorRig();
    const ids = Array.from({ length: 103 }, (_, n) => `g${n}`);
    const puts = await Promise.allSettled(ids.map((id) => operator.putEnrollment("group", id, group(id))));
    const refusals = puts.flatMap((each) => (each.status === "rejected" ? [each.reason] : []));
    expect(refusals).toEqual(Array.from({ length: 3 }, () => refusal("quotaExceeded")));
    expect(await store.symmetricKeyGroups()).toHaveLength(100);
  });

  it("are at most 100 of each kind", async () => {
    const { operator } = operatorRig();
    for (let n = 0; n < 100; n++) await operator.putEnrollment("group", `g${n}`, group(`g${n}`));
    await expect(operator.putEnrollment("group", "more", group("more"))).rejects.toEqual(refusal("quotaExceeded"));
    await operator.putEnrollment("group", "g0", group("g0"), "*");
    const { certificatePem } = await issueRoot({ commonName: "Root" });
    const x509 = { signingCertificates: { primary: { certificate: certificatePem } } };
    await operator.putEnrollment("group", "ca", group("ca", { attestation: { type: "x509", x509 } }));
    await operator.deleteEnrollment("group", "g7");
    await operator.putEnrollment("group", "more", group("more"));
  });
});

describe("bulk operations", () => {
  const bulk = (mode: string, ...enrollments: unknown[]) => ({ mode, enrollments });

  it("process each entry independently", async () => {
    const { operator } = operatorRig();
    await operator.putEnrollment("individual", "there", individual("there"));
    const answer = await operator.bulk(
      "individual",
      bulk(
        "create",
        individual("a"),
        individual("there"),
        null,
        individual("a"),
        individual("bad id"),
        { attestation: {} },
        individual("b"),
      ),
    );
    const error = (id: string, errorCode: number) => ({ id, errorCode, errorStatus: expect.any(String) });
    expect(answer).toEqual({
      isSuccessful: false,
      errors: [
        error("there", 409201),
        error("", 400004),
        error("a", 409201),
        error("bad id", 400004),
        error("", 400004),
      ],
    });
    expect((await operator.counts()).individualEnrollments).toBe(3);
  });

  it("update existing enrollments, with an etag if the mode requires it, and delete", async () => {
    const { operator } = operatorRig();
    const { etag } = await operator.putEnrollment("individual", "a", individual("a"));
    const run = async (mode: string, ...entries: unknown[]) =>
      (await operator.bulk("individual", bulk(mode, ...entries))).errors.map(({ errorCode }) => errorCode);
    expect(await run("Update", individual("a"), individual("b"))).toEqual([404201]);
    expect(await run("updateIfMatchEtag", individual("a", { etag }), individual("a"))).toEqual([412001, 400004]);
    const now = (await operator.enrollment("individual", "a"))["etag"];
    expect(await run("updateIfMatchETag", individual("a", { etag: now }), individual("b", { etag: now }))).toEqual([
      404201,
    ]);
    expect(await run("DELETE", { registrationId: "A" }, { registrationId: "a" })).toEqual([404201]);
  });

  it.each([
    ["no object", [], undefined],
    ["no mode", { enrollments: [individual("a")] }, "mode"],
    ["another mode", bulk("upsert", individual("a")), "mode"],
    ["no entries", { mode: "create" }, "enrollments"],
    ["an empty list", bulk("create"), "enrollments"],
    ["eleven entries", bulk("create", ...Array.from({ length: 11 }, (_, n) => individual(`a${n}`))), "enrollments"],
  ])("are refused completely: %s", async (_, body, path) => {
    const { operator } = operatorRig();
    await expect(operator.bulk("individual", body)).rejects.toEqual(refusal("badRequest", path));
    expect((await operator.counts()).individualEnrollments).toBe(0);
  });

  it("work on groups, too", async () => {
    const { operator } = operatorRig();
    const body = { mode: "create", enrollmentGroups: [group("g"), group("h")] };
    expect(await operator.bulk("group", body)).toEqual({ isSuccessful: true, errors: [] });
    const errors = ["g", "h"].map((id) => ({ id, errorCode: 409202, errorStatus: "Already exists." }));
    expect(await operator.bulk("group", body)).toEqual({ isSuccessful: false, errors });
  });
});

describe("registrations", () => {
  it("are read, shown with their individual enrollment, and deleted over their etag", async () => {
    const { operator, store } = operatorRig();
    await operator.putEnrollment("individual", "x", individual("x"));
    const registration = registrationOf("x", { kind: "individual", id: "x" });
    await store.saveAssignment({ registration });
    const state = {
      registrationId: "x",
      createdDateTimeUtc: "2026-11-23T00:00:00.0000000Z",
      lastUpdatedDateTimeUtc: "2026-11-23T00:00:00.0000000Z",
      assignedHub: "hub-a.test",
      deviceId: "x",
      status: "assigned",
      substatus: "initialAssignment",
      etag: registration.etag,
    };
    expect(await operator.registration("X")).toEqual(state);
    expect(await operator.enrollment("individual", "x")).toHaveProperty("registrationState", state);
    const { etag } = await operator.enrollment("individual", "x");
    const put = await operator.putEnrollment("individual", "x", individual("x"), etag);
    expect(put).toHaveProperty("registrationState", state);
    const [queried] = (await operator.query("individual", { query: "*" }, {})).items;
    expect({ ...queried, registrationState: state }).toEqual(await operator.enrollment("individual", "x"));
    expect(queried).not.toHaveProperty("registrationState");
    await expect(operator.deleteRegistration("x", "other")).rejects.toEqual(refusal("preconditionFailed"));
    await operator.deleteRegistration("x", `"${registration.etag}"`);
    await expect(operator.registration("x")).rejects.toEqual(refusal("registrationNotFound"));
    await expect(operator.deleteRegistration("x")).rejects.toEqual(refusal("registrationNotFound"));
  });

  it("show failed and assigning registrations", async () => {
    const { operator, store, clock } = operatorRig();
    const enrollment = { kind: "group", id: "g" } as const;
    const result = { status: "failed", errorCode: 401001, errorMessage: "IoTHub not found." } as const;
    await store.saveAssignment({ registration: registrationOf("f", enrollment, { result }) });
    const operations = [{ id: "4.0.1", startedAt: clock.now, readyAt: clock.now + 1000 }];
    await store.saveAssignment({ registration: registrationOf("w", enrollment, { operations }) });
    expect(await operator.registration("f")).toMatchObject(result);
    expect(await operator.registration("w")).not.toHaveProperty("assignedHub");
    expect(await operator.registration("w")).toMatchObject({ status: "assigning" });
    clock.now += 1000;
    expect(await operator.registration("w")).toMatchObject({ status: "assigned", assignedHub: "hub-a.test" });
  });

  it("of a group are listed page by page, also after the group was deleted", async () => {
    const { operator, store } = operatorRig();
    await expect(operator.registrationsOfGroup("g", {})).rejects.toEqual(refusal("enrollmentGroupNotFound"));
    await operator.putEnrollment("group", "G", group("G"));
    expect(await operator.registrationsOfGroup("g", {})).toEqual({ items: [] });
    for (const id of ["b", "A", "c"])
      await store.saveAssignment({ registration: registrationOf(id, { kind: "group", id: "G" }) });
    await store.saveAssignment({ registration: registrationOf("other", { kind: "group", id: "h" }) });
    await operator.deleteEnrollment("group", "g");
    const first = await operator.registrationsOfGroup("g", { limit: 2 });
    expect(first.items.map((each) => each["registrationId"])).toEqual(["A", "b"]);
    const second = await operator.registrationsOfGroup("G", { limit: 2, after: first.next ?? "" });
    expect(second.items.map((each) => each["registrationId"])).toEqual(["c"]);
    expect(second.next).toBeUndefined();
    await expect(operator.registrationsOfGroup("h", { after: first.next ?? "" })).rejects.toEqual(
      refusal("badRequest", "x-ms-continuation"),
    );
  });
});
