import { createHash } from "node:crypto";
import { fc, it as property } from "@fast-check/vitest";
import { issueLeaf, issueRoot, toPem } from "@rollcall/pki";
import { DpsError } from "@rollcall/protocol";
import { describe, expect, it } from "vitest";
import { tpmVectors } from "../../../../test/fixtures/tpm-vectors.js";
import { inspectCertificate, inspectEndorsementKey } from "./inspect.js";

describe("a certificate", () => {
  it("is shown with the values by which devices and enrollments are found", async () => {
    const root = await issueRoot({ commonName: "Root" });
    const leaf = await issueLeaf({ commonName: "pump-7", parent: root });
    expect(inspectCertificate({ certificate: toPem(leaf.certificate.der) })).toMatchObject({
      subjectName: "CN=pump-7",
      issuerName: "CN=Root",
      commonName: "pump-7",
      sha1Thumbprint: leaf.certificate.sha1,
      sha256Thumbprint: leaf.certificate.sha256,
      isCa: false,
      isSelfSigned: false,
      keyAlgorithm: "EC P-256",
    });
  });

  it("that cannot be read is refused with the reason, without a quotation", () => {
    expect(() =>
      inspectCertificate({ certificate: "-----BEGIN PRIVATE KEY-----\nMIIsecret\n-----END PRIVATE KEY-----" }),
    ).toThrow(/^certificate: the PEM text holds a PRIVATE KEY and no CERTIFICATE\.$/);
  });

  property.prop([fc.anything()])("of any body is read or refused", (body) =>
    expectReadOrRefused(() => inspectCertificate(body)),
  );
  property.prop([fc.string()])("of any text is read or refused", (certificate) =>
    expectReadOrRefused(() => inspectCertificate({ certificate })),
  );
});

describe("an endorsement key", () => {
  it("is shown with the registration id that the SDKs derive from it", () => {
    const ek = tpmVectors.rsa.ek.tpm2bPublicBase64;
    const registrationId = /^[a-z2-7]{52}$/;
    expect(inspectEndorsementKey({ endorsementKey: ek })).toEqual({
      registrationId: expect.stringMatching(registrationId),
      sha256: createHash("sha256").update(Buffer.from(ek, "base64")).digest("hex"),
      keyAlgorithm: "RSA",
      keySize: 2048,
      attributes: "0x000300b2",
      notes: [],
    });
  });

  it("is distinguished from the storage root key of the same TPM", () => {
    const { notes } = inspectEndorsementKey({ endorsementKey: tpmVectors.rsa.srk.tpm2bPublicBase64 });
    expect(notes).toEqual([expect.stringContaining("storage root key")]);
  });

  property.prop([fc.uint8Array()])("of any bytes is read or refused", (bytes) =>
    expectReadOrRefused(() => inspectEndorsementKey({ endorsementKey: Buffer.from(bytes).toString("base64") })),
  );

  it.each([
    [undefined, /is missing/],
    [{ endorsementKey: "a" }, /is not base64/],
    [{ endorsementKey: "AAAA" }, /is not an endorsement key \(TPM2B_PUBLIC\): /],
  ])("%j is refused", (body, message) => expect(() => inspectEndorsementKey(body)).toThrow(message));
});

function expectReadOrRefused(work: () => unknown): void {
  try {
    expect(typeof work()).toBe("object");
  } catch (error) {
    expect(error).toBeInstanceOf(DpsError);
  }
}
