import { fc, it } from "@fast-check/vitest";
import { issueRoot, parseCertificates } from "@rollcall/pki";
import { describe, expect } from "vitest";
import { certificateText, FileFault } from "./certificate-text.js";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("the text of a certificate file", () => {
  it("is the same certificate whether the file is PEM, DER or bare base64", async () => {
    const { certificate, certificatePem } = await issueRoot({ commonName: "Root" });
    const forms = [bytes(certificatePem), new Uint8Array(certificate.der), bytes(certificate.der.toString("base64"))];
    for (const form of forms) {
      expect(parseCertificates(certificateText(form)).map((der) => der.equals(certificate.der))).toEqual([true]);
    }
  });

  it.each([
    ["nothing", "", "empty"],
    ["a text", "hello", "not a certificate"],
    ["a PKCS#8 key", "-----BEGIN PRIVATE KEY-----\nMII=\n-----END PRIVATE KEY-----", "private key"],
    ["a certificate with its key", "-----BEGIN CERTIFICATE-----\n-----BEGIN EC PRIVATE KEY-----", "private key"],
    ["a request", "-----BEGIN CERTIFICATE REQUEST-----", "certificate request"],
    ["a PKCS#7 bundle", "-----BEGIN PKCS7-----", "PKCS#7 bundle"],
    ["a public key", "-----BEGIN PUBLIC KEY-----", "public key"],
    ["a chain", "-----BEGIN CERTIFICATE-----\n-----BEGIN CERTIFICATE-----", "2 certificates"],
    ["base64 that is cut off", "MIIBe", "cut off"],
    ["a large file", "0".repeat(70_000), "70,000 bytes"],
  ])("is refused for %s", (_what, text, reason) => {
    expect(() => certificateText(bytes(text))).toThrow(FileFault);
    expect(() => certificateText(bytes(text))).toThrow(reason);
  });

  // The first bytes of files that openssl writes.
  it.each([
    ["a PKCS#8 key", "308187020100301306072a8648ce3d0201", "private key"],
    ["an encrypted PKCS#8 key", "3081ec305706092a864886f70d01050d30", "private key"],
    ["a PKCS#1 key", "308204a20201000282010100d8cd", "private key"],
    ["a SEC 1 key", "3077020101042095e0", "private key"],
    ["a request", "3081c5306e020100300c310a300806035504030c", "certificate request"],
    ["a PKCS#12 file", "3082040c020103308203c206092a864886f70d010701", "PKCS#12 bundle"],
    ["a PKCS#7 file", "3082034206092a864886f70d010702a0", "PKCS#7 bundle"],
  ])("is refused for %s in DER, and in base64 of it", (_what, hex, reason) => {
    const der = Buffer.from(hex, "hex");
    expect(() => certificateText(der)).toThrow(reason);
    const padded = Buffer.concat([der, Buffer.alloc(3000)]).toString("base64");
    if (padded.startsWith("MI")) expect(() => certificateText(bytes(padded))).toThrow(reason);
  });

  it("is read from UTF-16, as Windows shells write it, and after a byte order mark", async () => {
    const { certificate, certificatePem } = await issueRoot({ commonName: "Root" });
    const little = Buffer.from(`\ufeff${certificatePem}`, "utf16le");
    for (const form of [little, Buffer.from(little).swap16(), bytes(`\ufeff${certificatePem}`)]) {
      expect(parseCertificates(certificateText(form)).map((der) => der.equals(certificate.der))).toEqual([true]);
    }
  });

  it.prop([fc.uint8Array({ maxLength: 200 })])("is a text or a FileFault, for any file", (file) => {
    try {
      expect(certificateText(file).length).toBeGreaterThan(0);
    } catch (error) {
      expect(error).toBeInstanceOf(FileFault);
    }
  });
});
