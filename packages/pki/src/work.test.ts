import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { buildPath } from "./build-path.js";
import { readCertificate } from "./certificate.js";
import { element, sequence } from "./der-writer.js";
import { issueIntermediate, issueLeaf, issueRoot } from "./issue.js";
import { isIssuedBy } from "./issued-by.js";
import { judgePath } from "./judge-path.js";
import { noSignatures, type SignatureWork, type Work } from "./work.js";

const now = new Date("2026-06-01T00:00:00Z");
const dates = { notBefore: new Date("2026-01-01T00:00:00Z"), notAfter: new Date("2030-01-01T00:00:00Z") };
const root = await issueRoot({ commonName: "Root", ...dates });
const line = await issueIntermediate({ commonName: "Line", parent: root, ...dates });
const forgedRoot = await issueRoot({ commonName: "Root", ...dates });

/** Work that is noted, and allowed as `allows` says. */
function noted(allows: (asked: SignatureWork) => string | undefined = () => undefined) {
  const asked: string[] = [];
  const work: Work = {
    signature(one) {
      asked.push(`${one.signer.subject}${one.proved ? ", proved" : ""}`);
      return allows(one);
    },
    comparisons(count) {
      asked.push(`${count} comparisons`);
      return undefined;
    },
  };
  return { asked, work };
}
const fresh = (...identities: readonly { certificate: { der: Buffer } }[]) =>
  identities.map(({ certificate }) => readCertificate(certificate.der));
const codes = (problems: readonly { code: string }[]) => problems.map(({ code }) => code);

describe("signatures are checked from the anchor down", () => {
  it("with keys that are known to be under it", async () => {
    const leaf = await issueLeaf({ commonName: "pump", parent: line, ...dates });
    const { asked, work } = noted();
    expect(judgePath({ path: fresh(leaf, line), anchor: root.certificate, now, work })).toEqual([]);
    expect(asked).toEqual(["CN=Root, proved", "CN=Line, proved"]);
  });

  it("and below a broken link with keys that are not: those may be left out", async () => {
    const middle = await issueIntermediate({
      commonName: "Line",
      parent: forgedRoot,
      ...dates,
      faults: { keyIdentifiers: false },
    });
    const leaf = await issueLeaf({ commonName: "pump", parent: middle, ...dates });
    const { asked, work } = noted(({ proved }) => (proved ? undefined : "enough was done"));
    const problems = judgePath({ path: fresh(leaf, middle), anchor: root.certificate, now, work });
    expect(asked).toEqual(["CN=Root, proved", "CN=Line"]);
    expect(codes(problems)).toEqual(["notChecked", "signatureInvalid"]);
    expect(problems[0]).toMatchObject({ got: "enough was done", element: { index: 0 } });
  });

  it("and the key of a device proves nothing below it", async () => {
    const device = await issueLeaf({ commonName: "pump", parent: root, ...dates });
    const child = await issueLeaf({ commonName: "child", parent: device, ...dates });
    const { asked, work } = noted();
    expect(codes(judgePath({ path: fresh(child, device), anchor: root.certificate, now, work }))).toContain("notCa");
    expect(asked).toEqual(["CN=Root, proved", "CN=pump"]);
  });
});

describe("name constraints", () => {
  const value = sequence(element(0xa1, sequence(element(0x82, Buffer.from("example.com")))));
  const faults = { extensions: [{ oid: "2.5.29.30", critical: true, value }] };
  it.each([
    { title: "compared where all signatures are good", parent: root, code: "nameConstraintViolated", comparisons: 1 },
    { title: "not looked at where one is not", parent: forgedRoot, code: "notChecked", comparisons: 0 },
  ])("are $title", async ({ parent, code, comparisons }) => {
    const ca = await issueIntermediate({ commonName: "C", parent, ...dates, faults });
    const san = { oid: "2.5.29.17", critical: false, value: sequence(element(0x82, Buffer.from("a.example.com"))) };
    const leaf = await issueLeaf({ commonName: "pump", parent: ca, ...dates, faults: { extensions: [san] } });
    const { asked, work } = noted();
    expect(codes(judgePath({ path: fresh(leaf, ca), anchor: root.certificate, now, work }))).toContain(code);
    expect(asked.filter((each) => each.endsWith("comparisons"))).toHaveLength(comparisons);
  });
});

describe("buildPath", () => {
  const faults = { keyIdentifiers: false };
  it("checks no signature where names suffice", async () => {
    const leaf = await issueLeaf({ commonName: "pump", parent: line, ...dates });
    const { asked, work } = noted();
    const built = buildPath(fresh(leaf, root, line, root), { now, work });
    expect(built.path.map(({ subject }) => subject)).toEqual(["CN=pump", "CN=Line", "CN=Root"]);
    expect({ asked, notChecked: built.notChecked }).toEqual({ asked: [], notChecked: undefined });
  });

  it("says where the path depends on signatures that were not checked", async () => {
    const twin = await issueIntermediate({ commonName: "CA", parent: root, ...dates, faults });
    const other = await issueIntermediate({ commonName: "CA", parent: root, ...dates, faults });
    const leaf = await issueLeaf({ commonName: "pump", parent: other, ...dates, faults });
    const presented = fresh(leaf, twin, other);
    expect(buildPath(presented, { now, work: noSignatures }).notChecked).toBe("only names are compared here");
    const built = buildPath(presented, { now });
    expect(built.notChecked).toBeUndefined();
    expect(built.path[1]).toBe(presented[2]);
  });
});

describe("RSA keys", () => {
  /** A certificate whose key is replaced by a modulus and exponent of so many bits. */
  function withKey(modulus: number, exponent: number) {
    const number = (bits: number) => {
      const bytes = Buffer.alloc(Math.ceil(bits / 8), 0xff);
      bytes[0] = 0xff >> ((8 - (bits % 8)) % 8);
      return element(0x02, bits % 8 === 0 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes);
    };
    const algorithm = Buffer.from("300d06092a864886f70d0101010500", "hex");
    const key = sequence(number(modulus), number(exponent));
    const spki = sequence(algorithm, element(0x03, Buffer.from([0]), key));
    const { der, tbs, spki: old, signature } = rsaRoot.certificate;
    const at = tbs.indexOf(old);
    const tbsHeader = tbs[1] === 0x82 ? 4 : 3;
    const content = Buffer.concat([tbs.subarray(tbsHeader, at), spki, tbs.subarray(at + old.length)]);
    const rest = der.subarray(der.indexOf(tbs) + tbs.length);
    expect(rest.subarray(-signature.length)).toEqual(signature);
    return readCertificate(sequence(sequence(content), rest));
  }
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
  let rsaRoot: Awaited<ReturnType<typeof issueRoot>>;

  it.each([
    { modulus: 8192, exponent: 32, tooLarge: false },
    { modulus: 8193, exponent: 32, tooLarge: true },
    { modulus: 8192, exponent: 33, tooLarge: true },
    { modulus: 2048, exponent: 2048, tooLarge: true },
    { modulus: 2048, exponent: 17, tooLarge: false },
  ])(
    "of $modulus bits with an exponent of $exponent: too large is $tooLarge",
    async ({ modulus, exponent, tooLarge }) => {
      rsaRoot = await issueRoot({ commonName: "Root", key: rsa, ...dates });
      const certificate = withKey(modulus, exponent);
      const child = await issueLeaf({ commonName: "pump", parent: rsaRoot, ...dates });
      const { asked, work } = noted();
      const problems = judgePath({ path: fresh(child), anchor: certificate, now, work });
      expect(codes(problems).includes("keyTooLarge")).toBe(tooLarge);
      expect(isIssuedBy(child.certificate, certificate)).toBe(false);
      // Refused before it is used: nobody is asked for the work.
      expect(asked).toHaveLength(tooLarge ? 0 : 1);
    },
  );
});
