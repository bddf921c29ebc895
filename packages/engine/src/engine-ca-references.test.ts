import { type Identity, issueIntermediate, issueLeaf, issueRoot } from "@rollcall/pki";
import type { FindingCode } from "@rollcall/protocol";
import { beforeAll, describe, expect, it } from "vitest";
import type { AttestationRecord } from "./records/attestation-record.js";
import type { CaCertificateRecord, GroupRecord, IndividualRecord } from "./records/records.js";
import { engineRig } from "./testing/rig.js";

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 23);
const dates = { notBefore: new Date(NOW - 100 * DAY), notAfter: new Date(NOW + 100 * DAY) };
const base64 = ({ certificate }: Identity) => certificate.der.toString("base64");
const der = (...identities: readonly Identity[]) => identities.map((each) => each.certificate.der);

let root: Identity;
let intermediate: Identity;
let leaf: Identity;
let other: Identity;

beforeAll(async () => {
  root = await issueRoot({ commonName: "Root", ...dates });
  intermediate = await issueIntermediate({ commonName: "Line-3 CA", parent: root, ...dates });
  leaf = await issueLeaf({ commonName: "pump-7", parent: intermediate, ...dates });
  other = await issueRoot({ commonName: "Other Root", ...dates });
});

type Rig = Awaited<ReturnType<typeof engineRig>>;

const common = {
  source: { provisioningStatus: "enabled" as const },
  provisioningStatus: "enabled" as const,
  iotHubs: [],
  iotEdge: false,
  initialTwin: { tags: {}, desired: {} },
  etag: "e",
  createdAt: NOW,
  updatedAt: NOW,
};

function held({ certificate }: Identity) {
  const { der: bytes, sha256, subjectRaw } = certificate;
  return { der: bytes.toString("base64"), thumbprint: sha256, subject: subjectRaw.toString("hex") };
}

/** The attestation of a saved group: the names, and the certificates to which they referred. */
function references(primary: Identity, secondary?: Identity): AttestationRecord {
  return {
    type: "x509",
    holds: "caReferences",
    primaryName: "one",
    primary: held(primary),
    ...(secondary && { secondaryName: "two", secondary: held(secondary) }),
  };
}

function group(
  enrollmentGroupId: string,
  attestation: AttestationRecord,
  over: Partial<GroupRecord> = {},
): GroupRecord {
  return { kind: "group", enrollmentGroupId, attestation, ...common, ...over };
}

function individual(registrationId: string, attestation: AttestationRecord, deviceId?: string): IndividualRecord {
  return {
    kind: "individual",
    registrationId,
    ...(deviceId !== undefined && { deviceId }),
    attestation,
    ...common,
  };
}

const uploaded = (name: string, { certificate }: Identity, isVerified: boolean): CaCertificateRecord => ({
  name,
  der: certificate.der.toString("base64"),
  thumbprint: certificate.sha256,
  isVerified,
  etag: "e",
  createdAt: NOW - 3_600_000,
  updatedAt: NOW,
});

async function outcome(rig: Rig, id: string, chain: readonly Uint8Array[]) {
  const asked = rig.request(id, { chain });
  await rig.engine.admit(asked);
  const reply = await rig.engine.register({ ...asked, body: rig.body() });
  return { asked, reply, findings: asked.attempt.findings, codes: asked.attempt.findings.map((each) => each.code) };
}

describe("a group that refers to CA certificates", () => {
  it.each([
    ["the root, sent with root", () => references(root), () => der(leaf, intermediate, root)],
    ["the root, sent without root", () => references(root), () => der(leaf, intermediate)],
    ["the intermediate, sent alone", () => references(intermediate), () => der(leaf)],
    ["it as secondary", () => references(other, root), () => der(leaf, intermediate)],
  ])("accepts a device: %s", async (_, attestation, chain) => {
    const rig = await engineRig();
    await rig.store.putGroup(group("line3", attestation()));
    const { reply, asked } = await outcome(rig, "pump-7", chain());
    expect(reply.status).toBe(202);
    expect(asked.attempt.enrollment).toEqual({ kind: "group", id: "line3" });
    const identity = await rig.store.deviceIdentity("127.0.0.1", "pump-7");
    expect(identity?.authentication).toEqual({ type: "selfSigned", thumbprints: [leaf.certificate.sha256] });
  });

  it("decides if its certificate is nearer to the leaf than that of a group with inline certificates", async () => {
    const rig = await engineRig({
      enrollmentGroups: [
        {
          enrollmentGroupId: "far",
          attestation: { type: "x509", x509: { signingCertificates: { primary: { certificate: base64(root) } } } },
        },
      ],
    });
    await rig.store.putGroup(group("near", references(intermediate), { provisioningStatus: "disabled" }));
    const { codes, asked } = await outcome(rig, "pump-7", der(leaf, intermediate, root));
    expect([codes[0], asked.attempt.enrollment?.id]).toEqual(["group.disabled", "near"]);
  });

  it("does not read the uploaded certificates when it accepts the device", async () => {
    const rig = await engineRig();
    await rig.store.putGroup(group("line3", references(root)));
    rig.store.caCertificates = () => Promise.reject(new Error("read the uploaded certificates"));
    expect((await outcome(rig, "pump-7", der(leaf, intermediate))).reply.status).toBe(202);
  });
});

describe("an individual enrollment that refers to CA certificates", () => {
  it("takes its device by the chain, whatever device id the hub gets", async () => {
    for (const deviceId of [undefined, "device-7"]) {
      const rig = await engineRig();
      await rig.store.putIndividual(individual("pump-7", references(root), deviceId));
      const { reply, asked, codes } = await outcome(rig, "pump-7", der(leaf, intermediate));
      expect([reply.status, asked.attempt.enrollment]).toEqual([202, { kind: "individual", id: "pump-7" }]);
      expect((await rig.store.deviceIdentity("127.0.0.1", deviceId ?? "pump-7"))?.authentication).toEqual({
        type: "selfSigned",
        thumbprints: [leaf.certificate.sha256],
      });
      expect(codes).toEqual([]);
    }
  });

  it.each([
    ["of another CA", () => der(leaf, intermediate, root), "chain.untrusted"],
    ["cut short", () => der(leaf), "chain.issuerMissing"],
  ])("refuses a chain %s, even if a group would accept it", async (_, chain, code) => {
    const rig = await engineRig();
    await rig.store.putIndividual(individual("pump-7", references(other)));
    await rig.store.putGroup(group("line3", references(root)));
    const { reply, findings, asked } = await outcome(rig, "pump-7", chain());
    expect([reply.status, findings[0]?.code]).toEqual([401, code]);
    expect(findings[0]?.expected).toBe("enrollment pump-7 trusts CN=Other Root");
    expect(asked.attempt.enrollment).toEqual({ kind: "individual", id: "pump-7" });
  });
});

describe("a chain that no group accepts", () => {
  it.each<[string, () => readonly Uint8Array[], boolean, FindingCode, RegExp]>([
    [
      "an unverified root that was sent",
      () => der(leaf, intermediate, root),
      false,
      "chain.caNotVerified",
      /reaches CN=Root, uploaded as my-root at 2026-11-22T23:00:00Z but not verified/,
    ],
    ["an unverified root that was not sent", () => der(leaf, intermediate), false, "chain.caNotVerified", /CN=Root/],
    ["a verified root", () => der(leaf, intermediate), true, "chain.caWithoutGroup", /as my-root and verified, but no/],
  ])("says that it reaches %s", async (_, chain, isVerified, code, title) => {
    const rig = await engineRig();
    await rig.store.putCaCertificate(uploaded("my-root", root, isVerified));
    await rig.store.putGroup(group("elsewhere", references(other)));
    const { reply, findings, codes } = await outcome(rig, "pump-7", chain());
    expect(reply).toMatchObject({ status: 401, body: { errorCode: 401002, message: "CA certificate not found." } });
    expect(codes).toEqual([code, "enrollment.notFound"]);
    expect(findings[0]?.title).toMatch(title);
    expect(findings[0]?.remedy).toContain("my-root");
    expect(findings[1]?.consequence).toBe(true);
  });

  it("does not name a CA with the same name that did not issue it", async () => {
    const rig = await engineRig();
    await rig.store.putCaCertificate(uploaded("fake", await issueRoot({ commonName: "Root", ...dates }), false));
    expect((await outcome(rig, "pump-7", der(leaf, intermediate))).codes[0]).toBe("chain.issuerMissing");
  });
});

describe("strictX509", () => {
  const enrolled = (registrationId: string, certificate: Identity) => ({
    registrationId,
    attestation: {
      type: "x509" as const,
      x509: { clientCertificates: { primary: { certificate: base64(certificate) } } },
    },
  });

  it.each<[string, boolean | undefined, number, FindingCode | undefined]>([
    ["none", undefined, 401, "enrollment.signerNotVerified"],
    ["an unverified certificate", false, 401, "enrollment.signerNotVerified"],
    ["a verified certificate", true, 202, undefined],
  ])("with %s of its CAs uploaded", async (_, isVerified, status, code) => {
    const rig = await engineRig({ enrollments: [enrolled("pump-7", leaf)], engine: { strictX509: true } });
    if (isVerified !== undefined) await rig.store.putCaCertificate(uploaded("my-root", root, isVerified));
    const { reply, codes } = await outcome(rig, "pump-7", der(leaf, intermediate));
    expect([reply.status, codes[0]]).toEqual([status, code]);
  });

  it("requires nothing of a self-signed leaf, and nothing at all when it is off", async () => {
    const solo = await issueLeaf({ commonName: "solo", ...dates });
    const strict = await engineRig({ enrollments: [enrolled("solo", solo)], engine: { strictX509: true } });
    expect((await outcome(strict, "solo", der(solo))).reply.status).toBe(202);
    const usual = await engineRig({ enrollments: [enrolled("pump-7", leaf)] });
    expect((await outcome(usual, "pump-7", der(leaf))).reply.status).toBe(202);
  });
});
