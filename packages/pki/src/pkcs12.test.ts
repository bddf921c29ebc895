import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSecureContext } from "node:tls";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { CertificateError } from "./encoding/certificate-error.js";
import { issueLeaf, issueRoot } from "./issue.js";
import { parseCertificates } from "./pem.js";
import { readPkcs12, writePkcs12 } from "./pkcs12.js";

const folder = mkdtempSync(join(tmpdir(), "rollcall-p12-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string) => join(folder, name);
const run = promisify(execFile);
const openssl = async (...args: readonly string[]) => (await run("openssl", args)).stdout;

const root = await issueRoot({ commonName: "Root" });
const password = "s3cret, with spaces";

describe.each(["ec", "rsa"] as const)("a PKCS#12 bundle with a %s key", async (key) => {
  const leaf = await issueLeaf({ commonName: "pump-0042", parent: root, key });
  const { privateKey } = leaf;
  const certificates = [leaf.certificate, root.certificate];
  const bundle = await writePkcs12({ privateKey, certificates, password, friendlyName: "pump 42" });

  it("reads back, byte for byte", async () => {
    const content = await readPkcs12(bundle, password);
    expect(content.privateKey.equals(privateKey)).toBe(true);
    expect(content.certificates.map(({ der }) => der)).toEqual(certificates.map(({ der }) => der));
  });

  it("is read by openssl pkcs12", async () => {
    writeFileSync(file("ours.p12"), bundle);
    const text = await openssl("pkcs12", "-in", file("ours.p12"), "-nodes", "-passin", `pass:${password}`);
    expect(parseCertificates(text)).toEqual(certificates.map(({ der }) => der));
    expect(text).toContain("friendlyName: pump 42");
    expect(text).toContain("BEGIN PRIVATE KEY");
  });

  it("is read by node:tls", () => {
    expect(() => createSecureContext({ pfx: bundle, passphrase: password })).not.toThrow();
  });

  it.each([["today's ciphers"], ["old ciphers", "-legacy"]])(
    "is read when openssl wrote it with %s",
    async (_, ...flags) => {
      writeFileSync(file("pair.pem"), leaf.certificatePem + leaf.privateKeyPem);
      await openssl(
        "pkcs12",
        "-export",
        ...flags,
        "-in",
        file("pair.pem"),
        "-out",
        file("theirs.p12"),
        "-passout",
        "pass:abc",
      );
      const content = await readPkcs12(readFileSync(file("theirs.p12")), "abc");
      expect(content.privateKey.equals(privateKey)).toBe(true);
      expect(content.certificates.map(({ der }) => der)).toEqual([leaf.certificate.der]);
    },
  );

  it.each([
    ["a wrong password", bundle, "wrong", /password of the PKCS#12 bundle is wrong/],
    ["bytes that are not a bundle", Buffer.from("hello"), password, /not a PKCS#12 bundle/],
    ["half a bundle", bundle.subarray(0, 300), password, /not a PKCS#12 bundle/],
    ["a password that is not ASCII", bundle, "pässword", /must be ASCII/],
  ])("is refused with %s", async (_, bytes, given, message) => {
    await expect(readPkcs12(bytes, given)).rejects.toThrow(CertificateError);
    await expect(readPkcs12(bytes, given)).rejects.toThrow(message);
  });

  it("needs a certificate", async () => {
    await expect(writePkcs12({ privateKey, certificates: [], password })).rejects.toThrow(/needs a certificate/);
  });
});
