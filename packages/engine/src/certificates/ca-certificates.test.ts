import { randomBytes } from "node:crypto";
import { fc, it as property } from "@fast-check/vitest";
import { type Identity, issueIntermediate, issueLeaf, issueRoot, toPem } from "@rollcall/pki";
import { DpsError, type DpsErrorKind, type JsonObject, limits } from "@rollcall/protocol";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { MemoryStore } from "../memory/memory-store.js";
import { createOperator } from "../operator/operator.js";
import type { CertificateOperator } from "../operator/operator-types.js";
import type { GroupRecord } from "../records/records.js";
import { createCertificateOperator } from "./ca-certificates.js";

const NOW = Date.UTC(2026, 10, 23);
/** The first etag that the test's random source gives. */
const E1 = "a1".repeat(12);
const DAY = 86_400_000;
const dates = { notBefore: new Date(NOW - DAY), notAfter: new Date(NOW + 100 * DAY) };
const pem = ({ certificate }: Identity) => toPem(certificate.der);

let root: Identity;
let intermediate: Identity;
let leaf: Identity;
let store: MemoryStore;
let operator: CertificateOperator;
let etags: number;

beforeAll(async () => {
  root = await issueRoot({ commonName: "Root", ...dates });
  intermediate = await issueIntermediate({ commonName: "Line-3 CA", parent: root, ...dates });
  leaf = await issueLeaf({ commonName: "pump-7", parent: intermediate, ...dates });
});

beforeEach(() => {
  store = new MemoryStore();
  etags = 0;
  operator = createCertificateOperator({
    store,
    clock: () => NOW,
    random: (size) => Buffer.alloc(size, 0xa0 + ++etags),
  });
});

const properties = (object: JsonObject) => object["properties"] as JsonObject;

/** The DpsError with which the work is refused. */
async function refused(work: Promise<unknown>): Promise<DpsError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof DpsError) return error;
  throw new Error(`expected a DpsError, got ${String(error)}`, { cause: error });
}

describe("an upload", () => {
  it.each([
    ["PEM", () => pem(root)],
    ["base64 of DER", () => root.certificate.der.toString("base64")],
    ["base64 of PEM", () => Buffer.from(pem(root)).toString("base64")],
  ])("of a root as %s is shown as the management plane shows it", async (_, text) => {
    const made = await operator.createCertificate("root-1", { certificate: text() });
    expect(made).toMatchObject({
      name: "root-1",
      etag: E1,
      properties: {
        subject: "CN=Root",
        expiry: new Date(NOW + 100 * DAY).toUTCString(),
        thumbprint: root.certificate.sha1,
        isVerified: false,
        created: "Mon, 23 Nov 2026 00:00:00 GMT",
        certificate: root.certificate.der.toString("base64"),
        info: { sha256Thumbprint: root.certificate.sha256, isCa: true, isSelfSigned: true, issuerName: "CN=Root" },
      },
    });
    expect(await operator.certificate("ROOT-1")).toEqual(made);
    expect(await operator.certificates()).toEqual([made]);
  });

  it("accepts an intermediate, the cloud's form of the body, and isVerified", async () => {
    const made = await operator.createCertificate("line3", {
      properties: { certificate: pem(intermediate), isVerified: true },
    });
    expect(properties(made)).toMatchObject({ isVerified: true, info: { isSelfSigned: false } });
  });

  it.each<[string, unknown, DpsErrorKind, RegExp]>([
    ["no object", "text", "badRequest", /not a JSON object/],
    ["no certificate", {}, "badRequest", /^certificate: is missing/],
    ["a number", { certificate: 7 }, "badRequest", /^certificate: is missing/],
    ["nonsense", { certificate: "###" }, "badRequest", /^certificate: .*not base64/],
    ["a thumbprint", { certificate: "ab".repeat(32) }, "badRequest", /is a thumbprint/],
    ["isVerified of a wrong type", { certificate: "x", isVerified: "yes" }, "badRequest", /^isVerified: /],
  ])("with %s is refused", async (_, body, kind, message) => {
    const error = await refused(operator.createCertificate("a", body));
    expect([error.kind, error.message]).toEqual([kind, expect.stringMatching(message)]);
  });

  property.prop([
    fc.string(),
    fc.oneof(fc.anything(), fc.record({ certificate: fc.string(), isVerified: fc.boolean() })),
  ])(
    "of any text is refused with a message",
    async (name, body) => void (await refused(operator.createCertificate(name, body))),
  );

  it("of a leaf, or of two certificates, is refused with the reason", async () => {
    const one = await refused(operator.createCertificate("a", { certificate: pem(leaf) }));
    expect(one).toMatchObject({ kind: "badRequest", info: { path: "certificate" } });
    expect(one.message).toMatch(/CN=pump-7 is not a CA certificate \(basicConstraints\)/);
    const two = await refused(operator.createCertificate("a", { certificate: pem(root) + pem(intermediate) }));
    expect(two.message).toMatch(/has 2 certificates; exactly one is allowed/);
    expect(await store.caCertificates()).toEqual([]);
  });

  it.each(["", "a b", "a/b", "ü", "x".repeat(65)])("under the name %j is refused", async (name) => {
    expect((await refused(operator.createCertificate(name, { certificate: pem(root) }))).info).toEqual({
      path: "name",
    });
  });

  it("under an existing name, or of an existing certificate, is a conflict", async () => {
    await operator.createCertificate("one", { certificate: pem(root) });
    const taken = await refused(operator.createCertificate("ONE", { certificate: pem(intermediate) }));
    expect(taken).toMatchObject({ kind: "alreadyExists", info: { name: "ONE" } });
    const same = await refused(operator.createCertificate("two", { certificate: pem(root) }));
    expect(same).toMatchObject({ kind: "alreadyExists", info: { name: "one" } });
  });

  it("beyond the limit is refused, also with many simultaneous uploads", async () => {
    const roots = await Promise.all(
      Array.from({ length: limits.caCertificates + 3 }, (_, index) => issueRoot({ commonName: `R${index}`, ...dates })),
    );
    const answers = await Promise.allSettled(
      roots.map((each, index) => operator.createCertificate(`r${index}`, { certificate: pem(each) })),
    );
    const failed = answers.flatMap((each) => (each.status === "rejected" ? [each.reason as DpsError] : []));
    expect(failed.map((each) => each.kind)).toEqual(["quotaExceeded", "quotaExceeded", "quotaExceeded"]);
    expect(await store.caCertificates()).toHaveLength(limits.caCertificates);
  });
});

describe("proof of possession", () => {
  const newCode = async () => String(properties(await operator.verificationCode("root"))["verificationCode"]);
  const proof = (commonName: string, parent: Identity | undefined, over: object = dates) =>
    issueLeaf({ commonName, ...(parent && { parent }), ...over });

  beforeEach(async () => {
    await operator.createCertificate("root", { certificate: pem(root) });
  });

  it("is a certificate for the code, signed with the CA's key", async () => {
    const code = await newCode();
    expect(code).toMatch(/^[0-9A-F]{48}$/);
    const done = await operator.verifyCertificate("root", { certificate: pem(await proof(code, root)) });
    expect(properties(done)).toMatchObject({ isVerified: true });
    expect(properties(done)).not.toHaveProperty("verificationCode");
    expect((await refused(operator.verificationCode("root"))).kind).toBe("conflict");
    expect((await refused(operator.verifyCertificate("root", { certificate: pem(root) }))).kind).toBe("conflict");
  });

  it("requires a code, and accepts only the newest", async () => {
    const early = await refused(operator.verifyCertificate("root", { certificate: pem(leaf) }));
    expect(early.message).toMatch(/no verification code was generated for root/);
    const old = await newCode();
    const code = await newCode();
    const error = await refused(operator.verifyCertificate("root", { certificate: pem(await proof(old, root)) }));
    expect(error.message).toContain(`has to be exactly the verification code ${code}; it is ${old}`);
  });

  it.each<[string, (code: string) => Promise<string>, RegExp]>([
    [
      "another case",
      async (code) => pem(await proof(code.toLowerCase(), root)),
      /exactly the verification code [0-9A-F]{48}; it is [0-9a-f]{48}/,
    ],
    [
      "another signer",
      async (code) => pem(await proof(code, intermediate)),
      /key of CN=Root; its issuer is CN=Line-3 CA/,
    ],
    ["no signer", async (code) => pem(await proof(code, undefined)), /it is self-signed/],
    ["the CA itself", async () => pem(root), /it is the CA certificate itself/],
    [
      "the key of a CA with the same name",
      async (code) => pem(await proof(code, await issueRoot({ commonName: "Root", ...dates }))),
      /its issuer has that name, but the signature/,
    ],
    [
      "dates in the past",
      async (code) =>
        pem(await proof(code, root, { notBefore: new Date(NOW - 9 * DAY), notAfter: new Date(NOW - DAY) })),
      /it expired at 2026-11-22T00:00:00.000Z; the service's clock says 2026-11-23/,
    ],
    [
      "dates in the future",
      async (code) =>
        pem(await proof(code, root, { notBefore: new Date(NOW + DAY), notAfter: new Date(NOW + 9 * DAY) })),
      /not valid before 2026-11-24/,
    ],
    ["nonsense", async () => "nonsense!", /not base64/],
  ])("with %s fails and names the difference", async (_, text, message) => {
    const code = await newCode();
    const error = await refused(operator.verifyCertificate("root", { certificate: await text(code) }));
    expect([error.kind, error.info]).toEqual(["badRequest", { path: "certificate" }]);
    expect(error.message).toMatch(message);
    expect(properties(await operator.certificate("root"))).toMatchObject({ isVerified: false, verificationCode: code });
  });
});

describe("etags", () => {
  it.each([E1, `"${E1}"`, "*"])("%s matches", async (ifMatch) => {
    await operator.createCertificate("root", { certificate: pem(root) });
    await operator.verificationCode("root", ifMatch);
    expect((await operator.certificate("root"))["etag"]).not.toBe(E1);
  });

  it("a different etag is 412 everywhere; a missing certificate is 404", async () => {
    await operator.createCertificate("root", { certificate: pem(root) });
    const kinds = async (name: string) => {
      const works = [
        operator.verificationCode(name, "e0"),
        operator.verifyCertificate(name, { certificate: pem(leaf) }, "e0"),
        operator.deleteCertificate(name, "e0"),
      ];
      return (await Promise.all(works.map(refused))).map((each) => each.kind);
    };
    expect(await kinds("root")).toEqual(Array(3).fill("preconditionFailed"));
    expect(await kinds("none")).toEqual(Array(3).fill("certificateNotFound"));
    expect((await refused(operator.certificate("none"))).kind).toBe("certificateNotFound");
  });

  it("a change in between is not overwritten", async () => {
    await operator.createCertificate("root", { certificate: pem(root) });
    const answers = await Promise.allSettled([operator.verificationCode("root"), operator.verificationCode("root")]);
    expect(answers.map((each) => each.status).toSorted()).toEqual(["fulfilled", "rejected"]);
  });
});

describe("deleting", () => {
  const group = (enrollmentGroupId: string, primaryName: string): GroupRecord => ({
    kind: "group",
    enrollmentGroupId,
    attestation: {
      type: "x509",
      holds: "caReferences",
      primaryName,
      primary: { der: root.certificate.der.toString("base64"), thumbprint: root.certificate.sha256 },
    },
    provisioningStatus: "enabled",
    iotHubs: [],
    iotEdge: false,
    initialTwin: { tags: {}, desired: {} },
    etag: "g",
    createdAt: NOW,
    updatedAt: NOW,
    source: { provisioningStatus: "enabled" },
  });

  it("is a conflict while groups refer to the certificate, and names them", async () => {
    await operator.createCertificate("root", { certificate: pem(root), isVerified: true });
    await store.putGroup(group("line3", "ROOT"));
    await store.putGroup(group("line4", "other"));
    const error = await refused(operator.deleteCertificate("root"));
    expect(error).toMatchObject({ kind: "inUse", info: { usedBy: "group line3" } });
    await store.removeGroup("line3");
    await operator.deleteCertificate("root", `"${E1}"`);
    expect(await operator.certificates()).toEqual([]);
  });

  it("waits for a group whose new reference is saved at the same moment", async () => {
    await operator.createCertificate("root", { certificate: pem(root), isVerified: true });
    const hubs = { linked: () => [] };
    const groups = createOperator({
      store,
      hubs,
      clock: () => NOW,
      random: randomBytes,
      clusterSecret: Buffer.alloc(32),
    });
    const put = store.putGroup.bind(store);
    const deletion = new Promise<DpsError>((resolve) => {
      store.putGroup = async (...written) => {
        resolve(refused(operator.deleteCertificate("root")));
        await new Promise(setImmediate);
        return await put(...written);
      };
    });
    const attestation = { type: "x509", x509: { caReferences: { primary: "root" } } };
    await groups.putEnrollment("group", "line3", { enrollmentGroupId: "line3", attestation });
    expect(await deletion).toMatchObject({ kind: "inUse", info: { usedBy: "group line3" } });
    expect(await operator.certificates()).toHaveLength(1);
  });
});
