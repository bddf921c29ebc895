import { generateKeyPairSync } from "node:crypto";
import { type Certificate, issueIntermediate, issueLeaf, issueRoot, readCertificate } from "@rollcall/pki";
import { der, extensions, type HandMade, handMade } from "./chains-vs-openssl.hand-made.js";
import { dates, issueAll, now, type Row, row, type Spec } from "./chains-vs-openssl.rows.js";

const newKey = () => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
const [rootKey, caKey, leafKey, otherKey] = [newKey(), newKey(), newKey(), newKey()];
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
const ed25519 = generateKeyPairSync("ed25519").privateKey;
const explicitCurve = generateKeyPairSync("ec", { namedCurve: "P-256", paramEncoding: "explicit" }).privateKey;

/** A chain of hand-made certificates, leaf first; the last certificate is trusted. */
function hand(name: string, expect: Row["expect"], ...certificates: readonly HandMade[]): Row {
  return {
    name,
    expect,
    build: async () => {
      const all = certificates.map((one) => readCertificate(handMade(one)));
      const anchor = all.at(-1);
      if (!anchor) throw new Error("a row needs certificates");
      return { presented: all.slice(0, -1), anchor, now };
    },
  };
}

/** A chain that is built by a function. */
function special(
  name: string,
  expect: Row["expect"],
  build: () => Promise<{ presented: Certificate[]; anchor: Certificate }>,
): Row {
  return { name, expect, build: async () => ({ ...(await build()), now }) };
}

const ca = [extensions.ca()];
const root: HandMade = { subject: "R", key: rootKey, issuer: "R", issuerKey: rootKey, extensions: ca };
const middle: HandMade = { subject: "M", key: caKey, issuer: "R", issuerKey: rootKey, extensions: ca };
const leaf: HandMade = { subject: "pump", key: leafKey, issuer: "M", issuerKey: caKey };
const underRoot: HandMade = { ...leaf, issuer: "R", issuerKey: rootKey };
const underRsa: HandMade = { ...leaf, issuer: "S", issuerKey: rsa };
const rsaRoot: HandMade = {
  subject: "S",
  key: rsa,
  issuer: "S",
  issuerKey: rsa,
  algorithm: "rsaSha384",
  extensions: ca,
};

const handMadeRows = [
  hand("hand-made chain", "valid", leaf, middle, root),
  hand("version 1 leaf", "valid", { ...leaf, version: 1 }, middle, root),
  hand("version 1 root", "valid", leaf, middle, { ...root, version: 1, extensions: [] }),
  hand("version 1 intermediate", "notCa", leaf, { ...middle, version: 1, extensions: [] }, root),
  hand("version 1 intermediate that is trusted", "notCa", leaf, { ...middle, version: 1, extensions: [] }),
  hand("leaf signed with SHA-1", "weakSignature", { ...underRoot, algorithm: "ecdsaSha1" }, root),
  hand("intermediate signed with SHA-1", "weakSignature", leaf, { ...middle, algorithm: "ecdsaSha1" }, root),
  hand("root signed with SHA-1", "valid", leaf, middle, { ...root, algorithm: "ecdsaSha1" }),
  hand("leaf signed with RSA and SHA-1", "weakSignature", { ...underRsa, algorithm: "rsaSha1" }, rsaRoot),
  hand("leaf signed with RSA and MD5", "weakSignature", { ...underRsa, algorithm: "rsaMd5" }, rsaRoot),
  hand("leaf signed with RSA and SHA-384", "valid", { ...underRsa, algorithm: "rsaSha384" }, rsaRoot),
  hand("leaf signed with RSA-PSS", "valid", { ...underRsa, algorithm: "rsaPss" }, rsaRoot),
  hand("leaf signed with ECDSA and SHA-512", "valid", { ...underRoot, algorithm: "ecdsaSha512" }, root),
  hand(
    "Ed25519 leaf and root",
    "valid",
    { ...leaf, key: ed25519, issuer: "E", issuerKey: ed25519, algorithm: "ed25519" },
    { subject: "E", key: ed25519, issuer: "E", issuerKey: ed25519, algorithm: "ed25519", extensions: ca },
  ),
  hand("forged issuer name, other key", "signatureInvalid", { ...leaf, issuerKey: otherKey }, middle, root),
  hand(
    "forged issuer name, other kind of key",
    "signatureInvalid",
    { ...leaf, issuerKey: rsa, algorithm: "rsaSha384" },
    middle,
    root,
  ),
  hand(
    "intermediate forged in the name of the root",
    "signatureInvalid",
    leaf,
    { ...middle, issuerKey: otherKey },
    root,
  ),
  hand("wrong issuer name, right key", "anchorNotReached", { ...leaf, issuer: "Other" }, middle, root),
  hand(
    "issuer name in another case and with more spaces",
    "valid",
    { ...leaf, issuer: " line  4 CA " },
    { ...middle, subject: "Line 4 ca" },
    root,
  ),
  hand("issuer name in another string type", "valid", { ...underRoot, stringTag: 0x13 }, root),
  hand("issuer name in BMPString", "valid", { ...underRoot, stringTag: 0x1e }, root),
  hand(
    "authority key identifier of another key",
    "anchorNotReached",
    { ...underRoot, extensions: [extensions.authorityKeyId("aaaa")] },
    { ...root, extensions: [...ca, extensions.subjectKeyId("bbbb")] },
  ),
  hand(
    "critical subject key identifier",
    "unknownCriticalExtension",
    { ...underRoot, extensions: [extensions.subjectKeyId("aaaa", true)] },
    root,
  ),
  hand("Netscape type client", "valid", { ...underRoot, extensions: [extensions.netscapeType(0x80)] }, root),
  hand("Netscape type server", "wrongKeyUsage", { ...underRoot, extensions: [extensions.netscapeType(0x40)] }, root),
  hand(
    "intermediate with Netscape type CA",
    "notCa",
    leaf,
    { ...middle, extensions: [extensions.netscapeType(4)] },
    root,
  ),
  hand("root with Netscape type CA", "valid", leaf, middle, { ...root, extensions: [extensions.netscapeType(4)] }),
  hand("root with Netscape type mail CA", "notCa", leaf, middle, { ...root, extensions: [extensions.netscapeType(2)] }),
  hand("elliptic curve given by its numbers", "explicitCurve", { ...underRoot, key: explicitCurve }, root),
  hand(
    "two certificates that issue each other",
    "anchorNotReached",
    leaf,
    { ...middle, issuer: "N", issuerKey: otherKey },
    { ...middle, subject: "N", key: otherKey, issuer: "M", issuerKey: caKey },
    root,
  ),
];

const lookAlikeRows = [
  ...[
    [1, 2],
    [2, 1],
  ].map(([first = 0, second = 0]) =>
    special(`two intermediates of one name, the right one ${first === 1 ? "first" : "second"}`, "valid", async () => {
      const { cas, leaf: device } = await issueAll({});
      const [top] = cas;
      if (!top) throw new Error("no root");
      const alike = await issueIntermediate({ commonName: "CA 1", ...dates, parent: top });
      const both = [device, cas[1], alike].map((one) => (one ?? device).certificate);
      return {
        presented: [0, first, second].map((index) => both[index] ?? device.certificate),
        anchor: top.certificate,
      };
    }),
  ),
  special("an intermediate of the right name but another key", "keyIdMismatch", async () => {
    const { cas, leaf: device } = await issueAll({});
    const alike = await issueIntermediate({ commonName: "CA 1", ...dates, parent: cas[0] ?? device });
    return { presented: [device.certificate, alike.certificate], anchor: (cas[0] ?? device).certificate };
  }),
  special("another root of the same name is trusted", "anchorNotReached", async () => {
    const { cas, leaf: device } = await issueAll({});
    const alike = await issueRoot({ commonName: "Root", ...dates });
    return { presented: [device, cas[1] ?? device].map(({ certificate }) => certificate), anchor: alike.certificate };
  }),
  special("another root is trusted", "anchorNotReached", async () => {
    const { cas, leaf: device } = await issueAll({});
    const other = await issueRoot({ commonName: "Other", ...dates });
    return { presented: [device, cas[1] ?? device].map(({ certificate }) => certificate), anchor: other.certificate };
  }),
  special("unrelated certificates in between", "valid", async () => {
    const mine = await issueAll({});
    const other = await issueAll({ cas: [{ commonName: "Elsewhere" }, { commonName: "Far" }] });
    const sent = [mine.leaf, other.leaf, ...other.cas, mine.cas[1] ?? mine.leaf];
    return { presented: sent.map(({ certificate }) => certificate), anchor: (mine.cas[0] ?? mine.leaf).certificate };
  }),
  special("a renewed root with the same key is trusted, the old one is sent", "valid", async () => {
    const old = await issueRoot({ commonName: "Root", ...dates, key: rootKey });
    const renewed = await issueRoot({ commonName: "Root", ...dates, key: rootKey });
    const device = await issueLeaf({ commonName: "pump", ...dates, parent: old });
    return { presented: [device.certificate, old.certificate], anchor: renewed.certificate };
  }),
  special("an expired and a renewed intermediate with the same key", "valid", async () => {
    const {
      cas: [top],
    } = await issueAll({ cas: [{}] });
    if (!top) throw new Error("no root");
    const make = (until: string) =>
      issueIntermediate({
        commonName: "CA 1",
        key: caKey,
        parent: top,
        notBefore: dates.notBefore,
        notAfter: new Date(until),
      });
    const [old, renewed] = [await make("2026-02-01T00:00:00Z"), await make("2030-01-01T00:00:00Z")];
    const device = await issueLeaf({ commonName: "pump", ...dates, parent: old });
    return { presented: [device, old, renewed].map(({ certificate }) => certificate), anchor: top.certificate };
  }),
];

const text = (tag: number, value: string) => der(tag, Buffer.from(value));
const directory = (commonName: string) =>
  der(0xa4, der(0x30, der(0x31, der(0x30, Buffer.from("0603550403", "hex"), text(0x0c, commonName)))));
const subtrees = (tag: number, bases: readonly Buffer[]) =>
  bases.length > 0 ? [der(tag, ...bases.map((base) => der(0x30, base)))] : [];

function constraint(permitted: readonly Buffer[], excluded: readonly Buffer[] = [], critical = true): Spec {
  const value = der(0x30, ...subtrees(0xa0, permitted), ...subtrees(0xa1, excluded));
  return { faults: { extensions: [{ oid: "2.5.29.30", critical, value }] } };
}

const named = (...names: readonly Buffer[]): Spec => ({
  faults: { extensions: [{ oid: "2.5.29.17", critical: false, value: der(0x30, ...names) }] },
});
const dns = (value: string) => text(0x82, value);
const mail = (value: string) => text(0x81, value);
const uri = (value: string) => text(0x86, value);
const ip = (...bytes: readonly number[]) => der(0x87, Buffer.from(bytes));

function constrained(name: string, allowed: boolean, authority: Spec, device: Spec): Row {
  return row(`name constraint: ${name}`, allowed ? "valid" : "nameConstraintViolated", {
    cas: [{}, authority],
    leaf: device,
  });
}

const constraintRows = [
  constrained("DNS name within", true, constraint([dns("example.com")]), named(dns("a.example.com"))),
  constrained("DNS name outside", false, constraint([dns("example.com")]), named(dns("a.example.org"))),
  constrained(
    "DNS name outside, not critical",
    false,
    constraint([dns("example.com")], [], false),
    named(dns("a.example.org")),
  ),
  constrained("DNS name that only ends alike", false, constraint([dns("example.com")]), named(dns("notexample.com"))),
  constrained("DNS name excluded", false, constraint([], [dns("example.com")]), named(dns("A.EXAMPLE.com"))),
  constrained("DNS only, and no DNS name", true, constraint([dns("example.com")]), {}),
  constrained("CN that looks like a host name outside", false, constraint([dns("example.com")]), {
    commonName: "pump.example.org",
  }),
  constrained("address within", true, constraint([ip(10, 0, 0, 0, 255, 0, 0, 0)]), named(ip(10, 1, 2, 3))),
  constrained("address outside", false, constraint([ip(10, 0, 0, 0, 255, 0, 0, 0)]), named(ip(11, 1, 2, 3))),
  constrained("mail address within", true, constraint([mail("example.com")]), named(mail("a@example.com"))),
  constrained("mail address outside", false, constraint([mail("example.com")]), named(mail("a@b.example.com"))),
  constrained("mail host below a dot", true, constraint([mail(".example.com")]), named(mail("a@b.example.com"))),
  constrained("URI within", true, constraint([uri(".example.com")]), named(uri("https://a.example.com/x"))),
  constrained("URI outside", false, constraint([uri("example.com")]), named(uri("https://a.example.com/x"))),
  constrained("subject within", true, constraint([directory("Pump-0042")]), {}),
  constrained("subject outside", false, constraint([directory("valve")]), {}),
  constrained("subject excluded", false, constraint([], [directory("pump-0042")]), {}),
  row("name constraint of the trusted root", "nameConstraintViolated", { cas: [constraint([directory("valve")]), {}] }),
];

/** Chains with certificates that our issuer cannot write, look-alikes, and names that a CA may not certify. */
export const forgedRows: readonly Row[] = [...handMadeRows, ...lookAlikeRows, ...constraintRows];
