import { type Identity, issueIntermediate, issueLeaf, issueRoot, toPem } from "@rollcall/pki";
import type { FindingCode, RegistrationOperationStatus } from "@rollcall/protocol";
import { beforeAll, describe, expect, it } from "vitest";
import { engineRig } from "./testing/rig.js";

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 23);
const dates = { notBefore: new Date(NOW - 100 * DAY), notAfter: new Date(NOW + 100 * DAY) };
const pem = (identity: Identity) => toPem(identity.certificate.der);
const base64 = (identity: Identity) => identity.certificate.der.toString("base64");
const der = (...identities: readonly Identity[]) => identities.map((each) => each.certificate.der);

let root: Identity;
let intermediate: Identity;
let leaf: Identity;
let other: Identity;
let single: Identity;

beforeAll(async () => {
  root = await issueRoot({ commonName: "Root", ...dates });
  intermediate = await issueIntermediate({ commonName: "Line-3 CA", parent: root, ...dates });
  leaf = await issueLeaf({ commonName: "pump-7", parent: intermediate, ...dates });
  other = await issueRoot({ commonName: "Other Root", ...dates });
  single = await issueLeaf({ commonName: "solo", ...dates });
});

type Held = { certificate?: string; info?: { sha256Thumbprint: string } };
const clientCertificates = (primary: Held, secondary?: Held) => ({
  type: "x509" as const,
  x509: { clientCertificates: { primary, ...(secondary && { secondary }) } },
});
const signing = (certificate: string) => ({
  type: "x509" as const,
  x509: { signingCertificates: { primary: { certificate } } },
});
const group = (enrollmentGroupId: string, certificate: string, over: object = {}) => ({
  enrollmentGroupId,
  attestation: signing(certificate),
  ...over,
});

async function outcome(rig: Awaited<ReturnType<typeof engineRig>>, id: string, chain: readonly Uint8Array[]) {
  const asked = rig.request(id, { chain });
  expect(await rig.engine.admit(asked)).toEqual({ kind: "admitted" });
  const reply = await rig.engine.register({ ...asked, body: rig.body() });
  return { asked, reply, findings: asked.attempt.findings, codes: asked.attempt.findings.map((each) => each.code) };
}

describe("an X.509 device", () => {
  it.each([
    ["PEM", () => pem(single)],
    ["base64 of DER", () => base64(single)],
    ["base64 of PEM", () => Buffer.from(pem(single)).toString("base64")],
  ])("with its leaf enrolled as %s is assigned", async (_, certificate) => {
    const rig = await engineRig({
      enrollments: [{ registrationId: "solo", attestation: clientCertificates({ certificate: certificate() }) }],
    });
    const { asked, reply } = await outcome(rig, "SOLO", der(single));
    const { operationId } = reply.body as RegistrationOperationStatus;
    expect(await rig.engine.operationStatus({ ...asked, operationId })).toMatchObject({
      status: 200,
      body: { registrationState: { x509: {}, deviceId: "solo" } },
    });
    expect((await rig.store.deviceIdentity("127.0.0.1", "solo"))?.authentication).toEqual({
      type: "selfSigned",
      thumbprints: [single.certificate.sha256],
    });
  });

  it("with its leaf as secondary is assigned", async () => {
    const attestation = clientCertificates({ certificate: pem(leaf) }, { certificate: pem(single) });
    const rig = await engineRig({ enrollments: [{ registrationId: "solo", attestation }] });
    expect((await outcome(rig, "solo", der(single))).reply.status).toBe(202);
    // The hub knows the one that registered, and not the other one of the enrollment.
    expect((await rig.store.deviceIdentity("127.0.0.1", "solo"))?.authentication).toEqual({
      type: "selfSigned",
      thumbprints: [single.certificate.sha256],
    });
  });

  it("with its leaf as secondary, and without a primary, is assigned and known at the hub", async () => {
    const x509 = { clientCertificates: { primary: null, secondary: { certificate: pem(single) } } };
    const rig = await engineRig({
      enrollments: [{ registrationId: "solo", attestation: { type: "x509" as const, x509 } }],
    });
    expect((await outcome(rig, "solo", der(single))).reply.status).toBe(202);
    expect((await rig.store.deviceIdentity("127.0.0.1", "solo"))?.authentication).toEqual({
      type: "selfSigned",
      thumbprints: [single.certificate.sha256],
    });
    expect((await outcome(rig, "solo", der(leaf))).reply.status).toBe(401);
  });

  it("of a group with its CA as secondary, and without a primary, is assigned", async () => {
    const x509 = { signingCertificates: { secondary: { certificate: pem(root) } } };
    const rig = await engineRig({
      enrollmentGroups: [{ enrollmentGroupId: "line-3", attestation: { type: "x509" as const, x509 } }],
    });
    expect((await outcome(rig, "pump-7", der(leaf, intermediate))).reply.status).toBe(202);
  });

  it.each([
    ["the root, sent with root", "root", () => der(leaf, intermediate, root)],
    ["the root, sent without root", "root", () => der(leaf, intermediate)],
    ["the intermediate, sent alone", "intermediate", () => der(leaf)],
    ["the intermediate, sent with all", "intermediate", () => der(leaf, intermediate, root)],
    ["the root, sent in a wrong order", "root", () => der(leaf, root, intermediate)],
  ])("of a group that has %s is assigned", async (_, held, chain) => {
    const anchor = held === "root" ? root : intermediate;
    const rig = await engineRig({ enrollmentGroups: [group("line3", pem(anchor))] });
    const { reply, asked } = await outcome(rig, "pump-7", chain());
    expect(reply.status).toBe(202);
    expect(asked.attempt.enrollment).toEqual({ kind: "group", id: "line3" });
    expect((await rig.store.deviceIdentity("127.0.0.1", "pump-7"))?.authentication).toEqual({
      type: "selfSigned",
      thumbprints: [leaf.certificate.sha256],
    });
  });

  it("is not confused with a device whose id looks similar", async () => {
    const lookAlike = await issueLeaf({ commonName: "tan\u212a-7", parent: intermediate, ...dates });
    const rig = await engineRig({ enrollmentGroups: [group("line3", pem(root))] });
    const { reply, codes } = await outcome(rig, "tank-7", der(lookAlike, intermediate));
    expect(reply.status).toBe(401);
    expect(codes[0]).toBe("leaf.commonNameMismatch");
  });

  it("belongs to the group whose certificate is nearest to its leaf", async () => {
    const rig = await engineRig({ enrollmentGroups: [group("far", pem(root)), group("near", pem(intermediate))] });
    expect((await outcome(rig, "pump-7", der(leaf, intermediate, root))).asked.attempt.enrollment?.id).toBe("near");
    const disabled = await engineRig({
      enrollmentGroups: [group("far", pem(root)), group("near", pem(intermediate), { provisioningStatus: "disabled" })],
    });
    expect((await outcome(disabled, "pump-7", der(leaf, intermediate, root))).codes[0]).toBe("group.disabled");
  });
});

interface Refusal {
  readonly title: string;
  readonly id?: string;
  readonly chain: () => Promise<readonly Uint8Array[]> | readonly Uint8Array[];
  readonly code: FindingCode;
  readonly message?: string;
  readonly says?: () => string | RegExp;
}

const refusals: readonly Refusal[] = [
  {
    title: "leaf without its intermediate",
    chain: () => der(leaf),
    code: "chain.issuerMissing",
    message: "CA certificate not found.",
    says: () => "Line-3 CA",
  },
  {
    title: "a chain of a different CA",
    chain: async () => der(await issueLeaf({ commonName: "pump-7", parent: other, ...dates }), other),
    code: "chain.untrusted",
    message: "CA certificate not found.",
  },
  {
    title: "a CN that differs from the id",
    id: "pump-8",
    chain: () => der(leaf, intermediate),
    code: "leaf.commonNameMismatch",
    says: () => "position 6",
  },
  {
    title: "an expired leaf",
    chain: async () =>
      der(
        await issueLeaf({
          commonName: "pump-7",
          parent: intermediate,
          notBefore: new Date(NOW - 9 * DAY),
          notAfter: new Date(NOW - DAY),
        }),
        intermediate,
      ),
    code: "leaf.expired",
  },
  {
    title: "a leaf that is not valid yet",
    chain: async () =>
      der(
        await issueLeaf({
          commonName: "pump-7",
          parent: intermediate,
          notBefore: new Date(NOW + DAY),
          notAfter: new Date(NOW + 9 * DAY),
        }),
        intermediate,
      ),
    code: "leaf.notYetValid",
  },
  {
    title: "an intermediate that is not a CA",
    chain: async () => {
      const fake = await issueIntermediate({ commonName: "X", parent: root, ...dates, faults: { isCa: false } });
      return der(await issueLeaf({ commonName: "pump-7", parent: fake, ...dates }), fake);
    },
    code: "ca.notAuthority",
  },
  {
    title: "a device certificate that signed a device certificate",
    chain: async () => {
      const thief = await issueLeaf({ commonName: "pump-1", parent: intermediate, ...dates });
      return der(await issueLeaf({ commonName: "pump-7", parent: thief, ...dates }), thief, intermediate);
    },
    code: "ca.notAuthority",
  },
  {
    title: "a different CA with the intermediate's name",
    chain: async () => {
      const fake = await issueIntermediate({
        commonName: "Line-3 CA",
        parent: await issueRoot({ commonName: "Root", ...dates }),
        ...dates,
      });
      return der(await issueLeaf({ commonName: "pump-7", parent: fake, ...dates }), fake);
    },
    code: "link.signatureInvalid",
  },
  {
    title: "a leaf for servers",
    chain: async () =>
      der(
        await issueLeaf({
          commonName: "pump-7",
          parent: intermediate,
          ...dates,
          faults: { extendedKeyUsage: ["1.3.6.1.5.5.7.3.1"] },
        }),
        intermediate,
      ),
    code: "leaf.notForClients",
  },
  { title: "the CA itself as leaf", id: "pump-7", chain: () => der(intermediate, root), code: "leaf.isAuthority" },
  { title: "bytes that are not a certificate", chain: () => [Buffer.from("hello")], code: "certificate.malformed" },
  { title: "an unknown self-signed leaf", id: "solo", chain: () => der(single), code: "enrollment.notFound" },
];

describe("an X.509 refusal by groups", () => {
  it.each(refusals)("names $title as $code", async ({ id = "pump-7", chain, code, message, says }) => {
    const rig = await engineRig({ enrollmentGroups: [group("line3", pem(root))] });
    const { reply, findings } = await outcome(rig, id, await chain());
    expect(reply).toMatchObject({ status: 401, body: { errorCode: 401002, ...(message && { message }) } });
    expect(findings[0]?.code).toBe(code);
    expect(findings[0]?.remedy).not.toMatch(/\{\w+\}/);
    expect(findings[0]?.title).not.toMatch(/\{\w+\}/);
    if (says) expect(findings[0]?.title).toMatch(says());
    expect(rig.failures).toEqual([]);
  });

  it("for a missing intermediate names the nearest group, and marks the other findings as consequences", async () => {
    const rig = await engineRig({ enrollmentGroups: [group("line3", pem(root))] });
    const { findings } = await outcome(rig, "pump-7", der(leaf));
    expect(findings[0]?.nearest).toBe("group line3 trusts CN=Root");
    expect(findings.find((each) => each.code === "enrollment.notFound")?.consequence).toBe(true);
  });
});

describe("an X.509 refusal by an individual enrollment", () => {
  it("of a re-issued certificate names the members that are the same", async () => {
    const again = await issueLeaf({
      commonName: "solo",
      key: single.privateKey,
      ...dates,
      notBefore: new Date(NOW - DAY),
    });
    const rig = await engineRig({
      enrollments: [{ registrationId: "solo", attestation: clientCertificates({ certificate: pem(single) }) }],
    });
    const { findings, reply } = await outcome(rig, "solo", der(again));
    expect(reply.body).toMatchObject({ errorCode: 401002, message: "Invalid certificate." });
    expect(findings[0]).toMatchObject({
      code: "leaf.thumbprintMismatch",
      got: again.certificate.sha256,
      expected: `primary ${single.certificate.sha256}`,
    });
    expect(findings[0]?.title).toContain("Same public key: yes. Same subject: yes. It looks re-issued on 2026-11-22.");
  });

  it("names a SHA-1 thumbprint in the enrollment", async () => {
    const info = { sha256Thumbprint: single.certificate.sha1 };
    const rig = await engineRig({
      enrollments: [{ registrationId: "solo", attestation: clientCertificates({ info }) }],
    });
    const { findings } = await outcome(rig, "solo", der(single));
    expect(findings[0]).toMatchObject({
      code: "enrollment.thumbprintIsSha1",
      cause: 22,
      expected: `SHA-256 ${single.certificate.sha256}`,
    });
  });

  it("says that the root of the chain is enrolled, where a group was meant; of a stranger's root it does not", async () => {
    const titleWith = async (certificate: string) => {
      const enrollments = [{ registrationId: "pump-7", attestation: clientCertificates({ certificate }) }];
      return (await outcome(await engineRig({ enrollments }), "pump-7", der(leaf, intermediate))).findings[0]?.title;
    };
    expect(await titleWith(pem(root))).toMatch(/is the CA "CN=.*" of the chain .* enrollment group with it was meant/);
    expect(await titleWith(pem(await issueRoot({ commonName: "Stranger" })))).toContain("another device's certificate");
  });

  it("says that the intermediate is enrolled instead of the leaf", async () => {
    const rig = await engineRig({
      enrollments: [{ registrationId: "pump-7", attestation: clientCertificates({ certificate: pem(intermediate) }) }],
    });
    expect((await outcome(rig, "pump-7", der(leaf, intermediate))).codes[0]).toBe("enrollment.holdsOtherCertificate");
  });

  it("that is disabled takes precedence over a group that would accept the device", async () => {
    const enrollments = [
      {
        registrationId: "pump-7",
        attestation: { type: "symmetricKey" as const },
        provisioningStatus: "disabled" as const,
      },
    ];
    const rig = await engineRig({ enrollments, enrollmentGroups: [group("line3", pem(root))] });
    expect((await outcome(rig, "pump-7", der(leaf, intermediate))).codes[0]).toBe("enrollment.disabled");
  });

  it("that is disabled blocks its leaf under every id", async () => {
    const enrollments = [
      {
        registrationId: "old-name",
        attestation: clientCertificates({ certificate: pem(leaf) }),
        provisioningStatus: "disabled" as const,
      },
    ];
    const rig = await engineRig({ enrollments, enrollmentGroups: [group("line3", pem(root))] });
    expect((await outcome(rig, "pump-7", der(leaf, intermediate))).codes[0]).toBe("enrollment.leafBlocked");
  });

  it("for symmetric keys does not accept a certificate, and names the kind that it requires", async () => {
    const rig = await engineRig({ enrollments: [{ registrationId: "solo", attestation: { type: "symmetricKey" } }] });
    expect((await outcome(rig, "solo", der(single))).findings[0]).toMatchObject({
      code: "enrollment.attestationMismatch",
      expected: "a symmetric key",
      got: "an X.509 certificate",
    });
  });

  it("refuses the connection of a device that shows nothing", async () => {
    const rig = await engineRig({
      enrollments: [{ registrationId: "solo", attestation: clientCertificates({ certificate: pem(single) }) }],
    });
    expect(await rig.engine.admit(rig.request("solo"))).toMatchObject({
      kind: "refused",
      reason: "notAuthorized",
      findings: [{ code: "credential.missing" }],
    });
    expect(await rig.engine.admit(rig.request("nobody"))).toMatchObject({ kind: "refused", reason: "notAuthorized" });
  });
});

describe("an invalid enrollment", () => {
  it.each([
    [
      "a group of a leaf",
      { enrollmentGroups: [group("g", "LEAF")] },
      "enrollmentGroups.0.attestation.x509.signingCertificates.primary.certificate",
    ],
    [
      "a thumbprint for a certificate",
      { enrollments: [{ registrationId: "a", attestation: clientCertificates({ certificate: "aa".repeat(20) }) }] },
      "enrollments.0.attestation.x509.clientCertificates.primary.certificate",
    ],
    [
      "signing certificates for one device",
      { enrollments: [{ registrationId: "a", attestation: signing("ROOT") }] },
      "enrollments.0.attestation.x509.signingCertificates",
    ],
    [
      "an id that appears twice",
      {
        enrollments: [
          { registrationId: "a", attestation: { type: "symmetricKey" as const } },
          { registrationId: "A", attestation: { type: "symmetricKey" as const } },
        ],
      },
      "enrollments.1",
    ],
    [
      "an invalid endorsement key",
      {
        enrollments: [{ registrationId: "a", attestation: { type: "tpm" as const, tpm: { endorsementKey: "AAAA" } } }],
      },
      "enrollments.0.attestation.tpm.endorsementKey",
    ],
  ])("%s is named by its path", async (_, seed, path) => {
    const filled = JSON.parse(
      JSON.stringify(seed)
        .replace('"LEAF"', JSON.stringify(pem(leaf)))
        .replace('"ROOT"', JSON.stringify(pem(root))),
    );
    const rig = await engineRig();
    await expect(rig.load(filled)).rejects.toMatchObject({ name: "EnrollmentError", path });
  });
});

describe("the dates of an individual enrollment's certificate", () => {
  const lived = (from: number, until: number) =>
    issueLeaf({ commonName: "solo", notBefore: new Date(NOW + from), notAfter: new Date(NOW + until) });
  const places = ["primary", "secondary"] as const;
  const rows = [
    { title: "in its first second", from: 0, until: DAY, code: undefined },
    { title: "a second early", from: 1000, until: DAY, code: "leaf.notYetValid" },
    { title: "a second before its end", from: -DAY, until: 1000, code: undefined },
    { title: "at its end", from: -DAY, until: 0, code: "leaf.expired" },
    { title: "a day late", from: -9 * DAY, until: -DAY, code: "leaf.expired" },
  ] as const;
  it.each(places.flatMap((place) => rows.map((row) => ({ ...row, place }))))("$place, $title: $code", async (row) => {
    const [own, spare] = [await lived(row.from, row.until), await lived(-DAY, DAY)];
    const [primary, secondary] = row.place === "primary" ? [own, spare] : [spare, own];
    const attestation = clientCertificates({ certificate: pem(primary) }, { certificate: pem(secondary) });
    const rig = await engineRig({ enrollments: [{ registrationId: "solo", attestation }] });
    const { reply, codes } = await outcome(rig, "solo", der(own));
    expect({ status: reply.status, code: codes[0] }).toEqual({ status: row.code ? 401 : 202, code: row.code });
  });
});

describe("the thumbprints of an individual enrollment", () => {
  it.each(["primary", "secondary"] as const)(
    "leave the hub with the one that registered, when the %s certificate registers",
    async (shown) => {
      const [primary, secondary] = [single, await issueLeaf({ commonName: "solo", ...dates })];
      const attestation = clientCertificates({ certificate: pem(primary) }, { certificate: pem(secondary) });
      const rig = await engineRig({ enrollments: [{ registrationId: "solo", attestation }] });
      const { reply } = await outcome(rig, "solo", der(shown === "primary" ? primary : secondary));
      expect(reply.status).toBe(202);
      expect((await rig.store.deviceIdentity("127.0.0.1", "solo"))?.authentication).toEqual({
        type: "selfSigned",
        thumbprints: [(shown === "primary" ? primary : secondary).certificate.sha256],
      });
    },
  );
});

describe("of two enrolled CAs of one name", () => {
  const faults = { keyIdentifiers: false };
  it.each([
    ["the first", 0],
    ["the second", 1],
  ] as const)("%s is chosen for what it issued", async (_, index) => {
    const twins = [
      await issueRoot({ commonName: "Twin", ...dates, faults }),
      await issueRoot({ commonName: "Twin", ...dates, faults }),
    ] as const;
    const rig = await engineRig({ enrollmentGroups: twins.map((each, at) => group(`g${at}`, pem(each))) });
    const device = await issueLeaf({ commonName: "pump-7", parent: twins[index], ...dates, faults });
    const { asked, reply } = await outcome(rig, "pump-7", der(device));
    expect({ status: reply.status, group: asked.attempt.enrollment?.id }).toEqual({ status: 202, group: `g${index}` });
  });

  it("none is, for a third of that name", async () => {
    const twins = [
      await issueRoot({ commonName: "Twin", ...dates, faults }),
      await issueRoot({ commonName: "Twin", ...dates, faults }),
    ];
    const rig = await engineRig({ enrollmentGroups: twins.map((each, at) => group(`g${at}`, pem(each))) });
    const third = await issueRoot({ commonName: "Twin", ...dates, faults });
    const device = await issueLeaf({ commonName: "pump-7", parent: third, ...dates, faults });
    const { reply, codes } = await outcome(rig, "pump-7", der(device));
    expect({ status: reply.status, code: codes[0] }).toEqual({ status: 401, code: "link.signatureInvalid" });
  });
});

describe("an issuer that only looks like an enrolled CA", () => {
  it.each([
    { title: "a Cyrillic letter", subject: "Acme R\u043eot", says: "character 7 of CN is U+006F there, and U+043E" },
    { title: "a zero for an O", subject: "Acme R0ot", says: "character 7 of CN is U+006F there, and U+0030" },
    {
      title: "an invisible character",
      subject: "Acme\u200b Root",
      says: "character 5 of CN is U+0020 there, and U+200B",
    },
    { title: "an accent", subject: "Acmé Root", says: "character 4 of CN is U+0065 there, and U+00E9" },
  ])("$title is said first", async ({ subject, says }) => {
    const [real, fake] = [
      await issueRoot({ commonName: "Acme Root", ...dates }),
      await issueRoot({ commonName: subject, ...dates }),
    ];
    const others = ["a", "b", "c", "d"].map((id) => group(id, pem(other)));
    const rig = await engineRig({ enrollmentGroups: [...others, group("real", pem(real))] });
    const { findings } = await outcome(
      rig,
      "pump-7",
      der(await issueLeaf({ commonName: "pump-7", parent: fake, ...dates })),
    );
    expect(findings[0]).toMatchObject({ code: "chain.issuerMissing" });
    expect(findings[0]?.nearest).toMatch(/^group real trusts CN=Acme Root, which looks like the missing issuer, but /);
    expect(findings[0]?.nearest).toContain(says);
  });

  it("matches by key id and not by name is said first", async () => {
    const named = await issueRoot({ commonName: "New Name", ...dates });
    const renamed = await issueRoot({ commonName: "Old Name", key: named.privateKey, ...dates });
    const rig = await engineRig({ enrollmentGroups: [group("other", pem(other)), group("same-key", pem(renamed))] });
    const { findings } = await outcome(
      rig,
      "pump-7",
      der(await issueLeaf({ commonName: "pump-7", parent: named, ...dates })),
    );
    expect(findings[0]?.nearest).toMatch(
      /^group same-key trusts CN=Old Name, which has the key id that the missing issuer has/,
    );
  });

  it("does not look like it: nothing is said but which groups there are", async () => {
    const rig = await engineRig({ enrollmentGroups: [group("other", pem(other))] });
    const { findings } = await outcome(rig, "pump-7", der(leaf));
    expect(findings[0]?.nearest).toBe("group other trusts CN=Other Root");
  });
});
