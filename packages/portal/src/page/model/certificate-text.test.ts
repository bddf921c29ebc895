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
    ["a text", "hello", "no certificate"],
    ["a PKCS#8 key", "-----BEGIN PRIVATE KEY-----\nMII=\n-----END PRIVATE KEY-----", "private key"],
    ["a certificate with its key", "-----BEGIN CERTIFICATE-----\n-----BEGIN EC PRIVATE KEY-----", "private key"],
    ["a request", "-----BEGIN CERTIFICATE REQUEST-----", "certificate request"],
    ["a large file", "0".repeat(70_000), "70000 bytes"],
  ])("is refused for %s", (_what, text, reason) => {
    expect(() => certificateText(bytes(text))).toThrow(FileFault);
    expect(() => certificateText(bytes(text))).toThrow(reason);
  });

  it.prop([fc.uint8Array({ maxLength: 200 })])("is a text or a FileFault, whatever the file", (file) => {
    try {
      expect(certificateText(file).length).toBeGreaterThan(0);
    } catch (error) {
      expect(error).toBeInstanceOf(FileFault);
    }
  });
});
