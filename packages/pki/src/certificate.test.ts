import { X509Certificate } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Certificate, readCertificate } from "./certificate.js";
import { CertificateError } from "./encoding/certificate-error.js";
import { element } from "./encoding/der-writer.js";
import { issueIntermediate, issueLeaf, issueRoot, issueServerCertificate } from "./issue.js";
import { extendedKeyUsages, keyUsageNames } from "./oids.js";
import { parseCertificates } from "./pem.js";

/**
 * Made once with `openssl req -x509`, OpenSSL 3.0: characters to escape, two attributes in one relative name, an attribute
 * without a name, a serial number with its high bit set, an end after 2050, the issuer in the authority key identifier.
 */
const elaborate = `-----BEGIN CERTIFICATE-----
MIIDpzCCA0ygAwIBAgIDAP8BMAoGCCqGSM49BAMCMIHGMQswCQYDVQQGEwJERTEV
MBMGA1UECgwMQ29udG9zbywgSW5jMSYwJAYDVQQLDB1aw7xyaWNoICJUZXN0IiA8
YT4gKyBiOyBjPWRcZTETMBEGCgmSJomT8ixkARkWA2NvbTEXMBUGCgmSJomT8ixk
ARkWB2V4YW1wbGUxMDATBgNVBAMMDCNQdW1wIMOcNDIgeDAZBgkqhkiG9w0BCQEW
DGFAZXhhbXBsZS5kZTELMAkGAlMEDANvZGQxCzAJBgNVBAUTAjc3MCAXDTI2MTEy
MzE4MDExOVoYDzIxMjYxMDMwMTgwMTE5WjCBxjELMAkGA1UEBhMCREUxFTATBgNV
BAoMDENvbnRvc28sIEluYzEmMCQGA1UECwwdWsO8cmljaCAiVGVzdCIgPGE+ICsg
YjsgYz1kXGUxEzARBgoJkiaJk/IsZAEZFgNjb20xFzAVBgoJkiaJk/IsZAEZFgdl
eGFtcGxlMTAwEwYDVQQDDAwjUHVtcCDDnDQyIHgwGQYJKoZIhvcNAQkBFgxhQGV4
YW1wbGUuZGUxCzAJBgJTBAwDb2RkMQswCQYDVQQFEwI3NzBZMBMGByqGSM49AgEG
CCqGSM49AwEHA0IABHfRLnpCvC2evt2euE8/VO6nvDKDZRp4PBNmrZkE/sr5k+k0
+C2dDTegn9dIAkVruZw43WtyD4wakDXT+nn1R2KjggEjMIIBHzAJBgNVHRMEAjAA
MIHfBgNVHSMEgdcwgdShgcykgckwgcYxCzAJBgNVBAYTAkRFMRUwEwYDVQQKDAxD
b250b3NvLCBJbmMxJjAkBgNVBAsMHVrDvHJpY2ggIlRlc3QiIDxhPiArIGI7IGM9
ZFxlMRMwEQYKCZImiZPyLGQBGRYDY29tMRcwFQYKCZImiZPyLGQBGRYHZXhhbXBs
ZTEwMBMGA1UEAwwMI1B1bXAgw5w0MiB4MBkGCSqGSIb3DQEJARYMYUBleGFtcGxl
LmRlMQswCQYCUwQMA29kZDELMAkGA1UEBRMCNzeCAwD/ATAdBgNVHQ4EFgQUvsA4
UwjxGVj/BLJLDWS/OMEI5jkwEQYJYIZIAYb4QgEBBAQDAgeAMAoGCCqGSM49BAMC
A0kAMEYCIQCl7vmZFQ+yoQ+HNp6XdkYNAxp5Wsq9rJq2nk7jUZZrjgIhAJpeIkN/
MkOHicQdFXwZ/HmhymPrmRvCGi5x/f+L7hBT
-----END CERTIFICATE-----`;

const root = await issueRoot({ commonName: "Root", pathLength: 2 });
const line = await issueIntermediate({ commonName: "Line 4 CA", parent: root, key: "rsa", pathLength: 0 });
const leaf = await issueLeaf({ commonName: "pump-0042", parent: line });
const server = await issueServerCertificate({
  commonName: "h",
  parent: root,
  hosts: ["localhost", "127.0.0.1", "::1"],
});
const samples: readonly Certificate[] = [
  ...[root, line, leaf, server].map(({ certificate }) => certificate),
  ...parseCertificates(elaborate).map(readCertificate),
];

/** The fields of a certificate as node:crypto reads them, in our form. */
function nodeView(der: Buffer) {
  const node = new X509Certificate(der);
  return {
    subject: nodeName(node.subject),
    issuer: nodeName(node.issuer),
    notBefore: new Date(node.validFrom),
    notAfter: new Date(node.validTo),
    serialNumber: node.serialNumber,
    sha256: node.fingerprint256.replaceAll(":", ""),
    sha1: node.fingerprint.replaceAll(":", ""),
    mayIssue: node.ca,
    extendedKeyUsage: node.keyUsage,
    key: node.publicKey.export({ type: "spki", format: "der" }),
  };
}

/** Converts a name: Node writes one relative name per line, in the order of the certificate. */
function nodeName(text: string | undefined): string {
  return (text ?? "")
    .split("\n")
    .map((line) => line.replaceAll(" + ", "+"))
    .reverse()
    .join(", ");
}

function ourView(certificate: Certificate) {
  const { subject, issuer, notBefore, notAfter, serialNumber, sha256, sha1, extendedKeyUsage, keyUsage } = certificate;
  const mayIssue = certificate.isCa && (keyUsage?.includes("keyCertSign") ?? true);
  const key = certificate.publicKey.export({ type: "spki", format: "der" });
  return { subject, issuer, notBefore, notAfter, serialNumber, sha256, sha1, mayIssue, extendedKeyUsage, key };
}

describe("readCertificate and node:crypto read the same", () => {
  it.each(samples.map((certificate) => [certificate.subject, certificate] as const))("%s", (_, certificate) => {
    expect(ourView(certificate)).toEqual(nodeView(certificate.der));
  });

  it("any certificate that we issue", async () => {
    const name = fc.string({ minLength: 1, maxLength: 64, unit: "binary" }).filter((text) => [...text].length <= 64);
    const faults = fc.record({
      isCa: fc.boolean(),
      keyUsage: fc.option(fc.subarray([...keyUsageNames], { minLength: 1 })),
      extendedKeyUsage: fc.option(fc.subarray(Object.values(extendedKeyUsages), { minLength: 1 })),
      keyIdentifiers: fc.boolean(),
    });
    const second = fc.integer({ min: -631_152_000, max: 253_402_300_798 }).map((seconds) => new Date(seconds * 1000));
    await fc.assert(
      fc.asyncProperty(
        name,
        faults,
        second,
        fc.integer({ min: 1, max: 36_500 }),
        async (commonName, planted, notBefore, days) => {
          const notAfter = new Date(Math.min(notBefore.getTime() + days * 86_400_000, 253_402_300_799_000));
          const options = { commonName, faults: planted, notBefore, notAfter };
          const { certificate } = await issueLeaf({ ...options, key: root.privateKey, parent: root });
          const { subject: _, ...expected } = nodeView(certificate.der);
          expect(ourView(certificate)).toMatchObject(expected);
          expect(certificate.commonName).toBe(commonName);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("a certificate's fields", () => {
  it("of an elaborate name, most specific first, escaped", () => {
    const [certificate] = samples.slice(-1);
    expect(certificate?.subject).toBe(
      'serialNumber=77, 2.3.4=odd, CN=\\#Pump Ü42 x+emailAddress=a@example.de, DC=example, DC=com, OU=Zürich \\"Test\\" \\<a\\> \\+ b\\; c=d\\\\e, O=Contoso\\, Inc, C=DE',
    );
    expect(certificate).toMatchObject({
      commonName: "#Pump Ü42 x",
      serialNumber: "FF01",
      isCa: false,
      isSelfIssued: true,
    });
    expect(certificate?.notAfter.toISOString()).toBe("2126-10-30T18:01:19.000Z");
  });

  it("of an intermediate", () => {
    expect(line.certificate).toMatchObject({
      version: 3,
      isCa: true,
      pathLength: 0,
      keyUsage: ["keyCertSign", "cRLSign"],
      extendedKeyUsage: undefined,
      authorityKeyId: root.certificate.subjectKeyId,
      keyDescription: "RSA 2048",
      signatureAlgorithm: "ecdsaWithSHA256",
      unknownCritical: [],
    });
  });

  it("of a leaf", () => {
    expect(leaf.certificate).toMatchObject({
      commonName: "pump-0042",
      issuer: "CN=Line 4 CA",
      isCa: false,
      pathLength: undefined,
      extendedKeyUsage: [extendedKeyUsages.clientAuth],
      keyDescription: "EC P-256",
      signatureAlgorithm: "sha256WithRSA",
    });
    expect(leaf.certificate.publicKeySha256).toMatch(/^[0-9A-F]{64}$/);
  });

  it("names of a server certificate", () => {
    expect(server.certificate.subjectAltNames.map(({ kind, value }) => `${kind} ${value}`)).toEqual([
      "dns localhost",
      "ip 127.0.0.1",
      "ip 0000:0000:0000:0000:0000:0000:0000:0001",
    ]);
  });
});

describe("readCertificate refuses", () => {
  const { der } = leaf.certificate;
  const rows: readonly (readonly [string, Uint8Array, RegExp])[] = [
    ["nothing", new Uint8Array(0), /ends too early|nothing/],
    ["text", Buffer.from("-----BEGIN CERTIFICATE-----"), /tag 0x2d where sequence belongs/],
    ["a certificate cut short", der.subarray(0, -1), /cut short/],
    ["a byte behind a certificate", Buffer.concat([der, Buffer.from([0])]), /1 bytes too many/],
    ["two certificates", Buffer.concat([der, der]), /bytes too many/],
    ["an empty sequence", Buffer.from("3000", "hex"), /nothing where sequence belongs/],
    ["an indefinite length", Buffer.from("30800000", "hex"), /indefinite length/],
    ["a length longer than memory", Buffer.from("3084ffffffff00", "hex"), /cut short/],
    ["a length of nine bytes", Buffer.from(`3089${"01".repeat(9)}`, "hex"), /does not fit/],
    [
      "a length that is not minimal",
      Buffer.concat([Buffer.from("3083000", "hex"), der]),
      /nothing|not minimal|cut short/,
    ],
    ["sequences nested a thousand deep", nested(1000), /where sequence belongs|ends too early|nothing/],
    ["a public key alone", leaf.certificate.spki, /certificate/],
  ];
  it.each(rows)("%s", (_, bytes, message) => {
    expect(() => readCertificate(bytes)).toThrow(CertificateError);
    expect(() => readCertificate(bytes)).toThrow(message);
  });

  it("any bytes, and any change to a certificate, with nothing but CertificateError", () => {
    const change = fc.record({
      at: fc.nat(),
      byte: fc.nat(255),
      kind: fc.constantFrom("set", "insert", "remove", "cut"),
    });
    fc.assert(
      fc.property(fc.nat(samples.length - 1), fc.array(change, { minLength: 1, maxLength: 4 }), (sample, changes) => {
        expectOnlyCertificateError(mutate(samples[sample]?.der ?? Buffer.alloc(0), changes));
      }),
      { numRuns: 3000 },
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), expectOnlyCertificateError), { numRuns: 500 });
  });
});

interface Change {
  readonly at: number;
  readonly byte: number;
  readonly kind: string;
}

function mutate(der: Buffer, changes: readonly Change[]): Buffer {
  return changes.reduce((bytes, { at, byte, kind }) => {
    const position = bytes.length === 0 ? 0 : at % bytes.length;
    const [before, after] = [bytes.subarray(0, position), bytes.subarray(position)];
    if (kind === "cut") return before;
    if (kind === "insert") return Buffer.concat([before, Buffer.from([byte]), after]);
    return Buffer.concat([before, Buffer.from(kind === "set" ? [byte] : []), after.subarray(1)]);
  }, der);
}

/**
 * Reads the bytes and every field that is computed from them. OpenSSL must read the same fields from all bytes that we
 * accept.
 */
function expectOnlyCertificateError(bytes: Uint8Array): void {
  const read = tryToRead(bytes);
  // Of an unknown key algorithm we do not read the parameters, and its key cannot be used.
  if (!read || /^\d/.test(read.keyDescription)) return;
  const { notBefore, notAfter, serialNumber, sha256, isCa, keyUsage } = read;
  const node = new X509Certificate(bytes);
  const view = [
    new Date(node.validFrom),
    new Date(node.validTo),
    node.serialNumber,
    node.fingerprint256.replaceAll(":", ""),
  ];
  expect([...view, node.ca]).toEqual([
    ...[notBefore, notAfter, serialNumber, sha256],
    isCa && (keyUsage?.includes("keyCertSign") ?? true),
  ]);
}

function tryToRead(bytes: Uint8Array): Certificate | undefined {
  try {
    const certificate = readCertificate(bytes);
    ourView(certificate);
    return certificate;
  } catch (error) {
    expect(error).toBeInstanceOf(CertificateError);
    return undefined;
  }
}

function nested(depth: number): Buffer {
  let bytes: Buffer = Buffer.alloc(0);
  for (let level = 0; level < depth; level++) bytes = element(0x30, bytes);
  return bytes;
}
