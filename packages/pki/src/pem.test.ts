import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CertificateError } from "./encoding/certificate-error.js";
import { issueLeaf, issueRoot } from "./issue.js";
import { parseCertificates, toPem } from "./pem.js";

const root = await issueRoot({ commonName: "Root" });
const leaf = await issueLeaf({ commonName: "pump-0042", parent: root });
const [leafDer, rootDer] = [leaf.certificate.der, root.certificate.der];
const pem = leaf.certificatePem;
const base64 = (text: string | Buffer) => Buffer.from(text).toString("base64");
const both = pem + root.certificatePem;

describe("parseCertificates reads", () => {
  const rows: readonly (readonly [string, string, readonly Buffer[]])[] = [
    ["PEM", pem, [leafDer]],
    ["two certificates in PEM, in order", both, [leafDer, rootDer]],
    ["PEM with text around", `subject=CN = x\n${pem}\nissuer\n${root.certificatePem}bye`, [leafDer, rootDer]],
    ["PEM with CRLF and a byte order mark", `\uFEFF${pem.replaceAll("\n", "\r\n")}`, [leafDer]],
    ["PEM on one line with \\n written out", pem.replaceAll("\n", "\\n"), [leafDer]],
    ["PEM without line ends", pem.replaceAll("\n", ""), [leafDer]],
    ["PEM with OpenSSL's old label", pem.replaceAll("CERTIFICATE", "X509 CERTIFICATE"), [leafDer]],
    ["PEM that holds the private key too", leaf.privateKeyPem + pem, [leafDer]],
    ["base64 of DER", base64(leafDer), [leafDer]],
    ["base64 of DER in lines", base64(leafDer).replace(/.{40}/g, "$&\n"), [leafDer]],
    ["base64 of DER without padding", base64(leafDer).replace(/=+$/, ""), [leafDer]],
    ["base64 of PEM", base64(pem), [leafDer]],
    ["base64 of two certificates in PEM", base64(both), [leafDer, rootDer]],
  ];
  it.each(rows)("%s", (_, text, expected) => {
    expect(parseCertificates(text)).toEqual(expected);
  });
});

describe("parseCertificates refuses", () => {
  const rows: readonly (readonly [string, string, RegExp])[] = [
    ["nothing", "  \n", /is empty/],
    ["a private key", leaf.privateKeyPem, /^it is a private key, and a certificate belongs here/],
    ["PEM without its end", pem.slice(0, 200), /no line -----END CERTIFICATE-----/],
    ["PEM with a hole in its base64", pem.replace("MII", "M!I"), /not base64: character 2 /],
    ["PEM with a damaged begin", `-----BEGIN\n${pem.slice(28)}`, /broken BEGIN line/],
    ["PEM of something else", toPem(Buffer.from("hello")), /the certificate is not well formed/],
    ["a second certificate that is damaged", pem + toPem(rootDer.subarray(1)), /certificate 2 of 2 is not well formed/],
    ["words", "not a certificate!", /not base64: character 16 /],
    ["a thumbprint", leaf.certificate.sha256, /^it is a thumbprint/],
    ["base64 cut short", base64(leafDer).slice(0, 101), /cut short/],
    ["base64 of half a certificate", base64(leafDer).slice(0, 100), /not well formed: certificate is cut short/],
    ["base64 of a private key in PEM", base64(leaf.privateKeyPem), /^it is a private key/],
  ];
  it.each(rows)("%s", (_, text, message) => {
    expect(() => parseCertificates(text)).toThrow(CertificateError);
    expect(() => parseCertificates(text)).toThrow(message);
  });

  it("any text with nothing but CertificateError, and quotes none of it", () => {
    const pieces = fc.constantFrom(
      "-----BEGIN ",
      "CERTIFICATE",
      "-----",
      "-----END ",
      "\n",
      "\\n",
      "=",
      base64(leafDer),
      pem,
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(pieces, { maxLength: 8 }).map((list) => list.join("")),
    );
    fc.assert(
      fc.property(fc.oneof(text, text.map(base64)), (any) => {
        try {
          for (const der of parseCertificates(any)) expect(der).toEqual(leafDer);
        } catch (error) {
          expect(error).toBeInstanceOf(CertificateError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("a PEM certificate with any change, with nothing but CertificateError", () => {
    fc.assert(
      fc.property(fc.nat(pem.length - 1), fc.string({ maxLength: 2 }), (at, inserted) => {
        try {
          parseCertificates(pem.slice(0, at) + inserted + pem.slice(at + 1));
        } catch (error) {
          expect(error).toBeInstanceOf(CertificateError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe("toPem", () => {
  it("writes lines of 64 characters that end with a line feed", () => {
    const lines = pem.split("\n");
    expect(lines.at(0)).toBe("-----BEGIN CERTIFICATE-----");
    expect(lines.slice(1, -3).every((line) => line.length === 64)).toBe(true);
    expect(lines.slice(-2)).toEqual(["-----END CERTIFICATE-----", ""]);
  });
});
