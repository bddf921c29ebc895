import { createHash } from "node:crypto";
import { fc, it as property } from "@fast-check/vitest";
import { issueLeaf, issueRoot, toPem } from "@rollcall/pki";
import { DpsError } from "@rollcall/protocol";
import { describe, expect, it } from "vitest";
import { tpmVectors } from "../../../../test/fixtures/tpm-vectors.js";
import { operatorRig } from "../testing/operator-rig.js";
import { inspectCertificate, inspectEndorsementKey, questionEndorsementKey } from "./inspect.js";

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
    ).toThrow(/^certificate: it is a private key, and a certificate belongs here/);
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

  it("of another enrollment is questioned, and not that of the enrollment it is meant for", async () => {
    const endorsementKey = tpmVectors.rsa.ek.tpm2bPublicBase64;
    const { operator, store } = operatorRig();
    const notes = async (body: object) => (await questionEndorsementKey(body, store)).notes;
    expect(await notes({ endorsementKey })).toEqual([]);
    const body = { registrationId: "Pump-7", attestation: { type: "tpm", tpm: { endorsementKey } } };
    await operator.createEnrollment("individual", "Pump-7", body);
    expect(await notes({ endorsementKey })).toEqual([expect.stringMatching(/^The enrollment "Pump-7" has this/)]);
    expect(await notes({ endorsementKey, registrationId: "pump-8" })).toHaveLength(1);
    expect(await notes({ endorsementKey, registrationId: "pump-7" })).toEqual([]);
  });

  it("in another form is enrolled as the TPM2B_PUBLIC that the device will send", async () => {
    const { operator, store } = operatorRig();
    const endorsementKey = tpmVectors.rsa.ek.tpm2bPublicBase64;
    const tpmt = Buffer.from(endorsementKey, "base64").subarray(2).toString("base64").replace(/.{64}/g, "$&\n");
    const body = { registrationId: "pump-9", attestation: { type: "tpm", tpm: { endorsementKey: tpmt } } };
    await operator.createEnrollment("individual", "pump-9", body);
    expect(await store.individualEnrollment("pump-9")).toMatchObject({ attestation: { endorsementKey } });
    expect(inspectEndorsementKey({ endorsementKey: tpmt }).notes).toEqual([expect.stringContaining("TPMT_PUBLIC")]);
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
