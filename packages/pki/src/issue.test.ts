import { createHash, createPrivateKey, X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { loadIdentity } from "./authority.js";
import { CertificateError } from "./encoding/certificate-error.js";
import { derivedKeyPair, issueIntermediate, issueLeaf, issueRoot, issueServerCertificate, judgePath } from "./index.js";
import { parseCertificates } from "./pem.js";

const dates = { notBefore: new Date("2026-01-01T00:00:00Z"), notAfter: new Date("2030-01-01T00:00:00Z") };
const now = new Date("2026-06-01T00:00:00Z");
const root = await issueRoot({ commonName: "Root", ...dates });
const line = await issueIntermediate({ commonName: "Line 4 CA", parent: root, pathLength: 0, ...dates });

describe("issuing", () => {
  it("a chain: leaf first, the root left out", async () => {
    const leaf = await issueLeaf({ commonName: "pump-0042", parent: line, ...dates });
    expect(leaf.chainPem).toBe(leaf.certificatePem + line.certificatePem);
    expect(leaf.chain).toEqual([line.certificate, root.certificate]);
    expect(parseCertificates(leaf.chainPem)).toHaveLength(2);
    expect(leaf.privateKeyPem).toContain("BEGIN PRIVATE KEY");
    expect(judgePath({ path: [leaf.certificate, line.certificate], anchor: root.certificate, now })).toEqual([]);
    expect(createPrivateKey(leaf.privateKeyPem).equals(leaf.privateKey)).toBe(true);
  });

  it("dates, to the second, as given", async () => {
    const { certificate } = await issueLeaf({ commonName: "x", notBefore: new Date(1_800_000_000_999), days: 1 });
    expect(certificate.notBefore.getTime()).toBe(1_800_000_000_000);
    expect(certificate.notAfter.getTime()).toBe(1_800_086_400_000);
  });

  it.each(["ec", "rsa"] as const)("a server certificate with a %s key, for names and addresses", async (key) => {
    const hosts = ["localhost", "dps.example.com", "127.0.0.1", "::1"];
    const { certificate } = await issueServerCertificate({
      commonName: "localhost",
      parent: root,
      hosts,
      key,
      ...dates,
    });
    const node = new X509Certificate(certificate.der);
    expect(node.checkHost("localhost")).toBe("localhost");
    expect(node.checkHost("dps.example.com")).toBe("dps.example.com");
    expect(node.checkIP("127.0.0.1")).toBe("127.0.0.1");
    expect(node.checkIP("::1")).toBe("::1");
    expect(node.checkHost("other")).toBeUndefined();
    expect(judgePath({ path: [certificate], anchor: root.certificate, now, clientAuth: false })).toEqual([]);
  });

  it("with a given key", async () => {
    const { privateKey } = derivedKeyPair("seed", "mine");
    const { certificate } = await issueLeaf({ commonName: "x", key: privateKey });
    expect(certificate.publicKey.equals(derivedKeyPair("seed", "mine").publicKey)).toBe(true);
  });

  const long = "x".repeat(65);
  it.each([
    ["a name of 65 characters", { commonName: long }, /at most 64 characters/],
    ["no name", { commonName: "" }, /needs a common name/],
    [
      "an end before the beginning",
      { commonName: "x", notBefore: dates.notAfter, notAfter: dates.notBefore },
      /later than/,
    ],
    ["an invalid date", { commonName: "x", notBefore: new Date("never") }, /later than/],
    [
      "an RSA key from a seed",
      { commonName: "x", seed: "s", key: "rsa" as const, ...dates },
      /cannot be made from a seed/,
    ],
    ["a seed without dates", { commonName: "x", seed: "s" }, /needs its dates/],
  ])("refuses %s", async (_, options, message) => {
    await expect(issueLeaf(options)).rejects.toThrow(CertificateError);
    await expect(issueLeaf(options)).rejects.toThrow(message);
  });

  it("refuses a server certificate without host names", async () => {
    await expect(issueServerCertificate({ commonName: "x", parent: root, hosts: [] })).rejects.toThrow(/host name/);
  });
});

describe("a seed", () => {
  const options = { seed: "a fleet", ...dates };
  const chain = async (seed: string) => {
    const top = await issueRoot({ ...options, seed, commonName: "Root" });
    const middle = await issueIntermediate({ ...options, seed, commonName: "Line", parent: top });
    const leaf = await issueLeaf({ ...options, seed, commonName: "pump-0042", parent: middle });
    return leaf.chainPem + top.certificatePem;
  };

  it("gives the same bytes every time, keys and signatures included", async () => {
    expect(await chain("a fleet")).toBe(await chain("a fleet"));
    expect(await chain("a fleet")).not.toBe(await chain("another"));
  });

  it("gives these very bytes, on any machine", async () => {
    const hash = createHash("sha256")
      .update(await chain("a fleet"))
      .digest("hex");
    expect(hash).toBe("c1d6abb9edc10e53aaee02156af90e18efb7cb1e9b96b227c9eabbd81553498f");
  });

  it("gives another serial number when the dates differ, and the same key", async () => {
    const first = await issueLeaf({ ...options, commonName: "x" });
    const renewed = await issueLeaf({ ...options, commonName: "x", notAfter: new Date("2031-01-01T00:00:00Z") });
    expect(renewed.certificate.publicKeySha256).toBe(first.certificate.publicKeySha256);
    expect(renewed.certificate.serialNumber).not.toBe(first.certificate.serialNumber);
  });

  it("works under an RSA authority too, whose signatures are deterministic anyway", async () => {
    const parent = await issueRoot({ commonName: "RSA", key: "rsa", ...dates });
    const make = async () => (await issueLeaf({ ...options, commonName: "x", parent })).certificatePem;
    expect(await make()).toBe(await make());
  });

  it("when absent, lets no two certificates be the same", async () => {
    const [one, two] = await Promise.all([1, 2].map(() => issueLeaf({ commonName: "x", ...dates })));
    expect(one?.certificate.serialNumber).not.toBe(two?.certificate.serialNumber);
    expect(one?.certificate.publicKeySha256).not.toBe(two?.certificate.publicKeySha256);
  });
});

describe("loadIdentity", () => {
  it("reads what was issued, and issues with it", async () => {
    const loaded = loadIdentity({
      certificatePem: line.certificatePem + root.certificatePem,
      privateKeyPem: line.privateKeyPem,
    });
    expect(loaded.certificate.sha256).toBe(line.certificate.sha256);
    const leaf = await issueLeaf({ commonName: "pump", parent: loaded, ...dates });
    expect(judgePath({ path: [leaf.certificate, ...leaf.chain], anchor: root.certificate, now })).toEqual([]);
  });

  it.each([
    ["the key of another certificate", root.privateKeyPem, /does not belong to the certificate CN=Line 4 CA/],
    ["text", "hello", /is not PEM.* and a private key belongs here/],
    ["a certificate", root.certificatePem, /it is a certificate, and a private key belongs here/],
  ])("refuses %s as the key", (_, privateKeyPem, message) => {
    const load = () => loadIdentity({ certificatePem: line.certificatePem, privateKeyPem });
    expect(load).toThrow(CertificateError);
    expect(load).toThrow(message);
  });
});
