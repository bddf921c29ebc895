import { expect, it } from "vitest";
import { certificateInfo } from "./certificate-info.js";
import { issueLeaf } from "./issue.js";

it("certificateInfo has the eight fields of the service API", async () => {
  const dates = { notBefore: new Date("2026-01-01T00:00:00Z"), notAfter: new Date("2027-01-01T00:00:00Z") };
  const { certificate } = await issueLeaf({ commonName: "pump-0042", seed: "info", ...dates });
  expect(certificateInfo(certificate)).toEqual({
    subjectName: "CN=pump-0042",
    sha1Thumbprint: expect.stringMatching(/^[0-9A-F]{40}$/),
    sha256Thumbprint: expect.stringMatching(/^[0-9A-F]{64}$/),
    issuerName: "CN=pump-0042",
    notBeforeUtc: "2026-01-01T00:00:00Z",
    notAfterUtc: "2027-01-01T00:00:00Z",
    serialNumber: expect.stringMatching(/^[0-9A-F]{32}$/),
    version: 3,
  });
});
