import { type EnrolledCertificate, enrollmentGroupSchema, individualEnrollmentSchema } from "@rollcall/protocol";
import { describe, expect, it } from "vitest";
import type { Enrollment } from "../api/enrollments.js";
import { checkCredentials, checkDraft, checkSettings, fieldOfPath } from "./check.js";
import { type Draft, emptyDraft, settingsOf } from "./draft.js";
import { rolled } from "./mechanisms.js";
import { newEnrollment, withSettings } from "./to-enrollment.js";

const key = Buffer.alloc(32, 1).toString("base64");
const draft = (change: Partial<Draft>): Draft => ({ ...emptyDraft([]), id: " one ", ...change });

describe("a filled form", () => {
  it.each([
    [
      "a leaf",
      "individual",
      { primaryCertificate: "PEM" },
      { clientCertificates: { primary: { certificate: "PEM" } } },
    ],
    [
      "two roots",
      "group",
      { primaryCertificate: "A", secondaryCertificate: "B" },
      { signingCertificates: { primary: { certificate: "A" }, secondary: { certificate: "B" } } },
    ],
    [
      "a reference",
      "group",
      { x509Source: "caReferences", primaryReference: "ca" },
      { caReferences: { primary: "ca" } },
    ],
  ] as const)("with %s asks for an enrollment that the service can read", (_what, kind, change, x509) => {
    const enrollment = newEnrollment(kind, draft(change));
    expect(enrollment.attestation).toEqual({ type: "x509", x509 });
    const schema = kind === "group" ? enrollmentGroupSchema : individualEnrollmentSchema;
    expect(schema.parse(enrollment)).toMatchObject(
      kind === "group" ? { enrollmentGroupId: "one" } : { registrationId: "one" },
    );
  });

  it("leaves keys to the service, unless they are entered", () => {
    const keys = { mechanism: "symmetricKey", primaryKey: ` ${key} `, secondaryKey: key } as const;
    expect(newEnrollment("individual", draft(keys)).attestation).toEqual({ type: "symmetricKey" });
    expect(newEnrollment("individual", draft({ ...keys, generateKeys: false })).attestation).toEqual({
      type: "symmetricKey",
      symmetricKey: { primaryKey: key, secondaryKey: key },
    });
  });

  it("names the missing fields", () => {
    const missing = (kind: "individual" | "group", change: Partial<Draft>) =>
      Object.keys(checkDraft(kind, draft(change)));
    expect(missing("individual", { id: " " })).toEqual(["id", "primaryCertificate"]);
    expect(missing("group", { x509Source: "caReferences" })).toEqual(["primaryReference"]);
    expect(missing("individual", { mechanism: "tpm" })).toEqual(["endorsementKey"]);
    expect(missing("individual", { mechanism: "symmetricKey", generateKeys: false })).toEqual([
      "primaryKey",
      "secondaryKey",
    ]);
    expect(missing("individual", { mechanism: "symmetricKey" })).toEqual([]);
    expect(checkCredentials("individual", draft({ primaryCertificate: "PEM" }))).toEqual({});
  });

  it.each([
    [{ allocationPolicy: "custom" }, "webhookUrl"],
    [{ allocationPolicy: "static", iotHubs: ["a", "b"] }, "iotHubs"],
    [{ twin: "{" }, "twin"],
    [{ twin: "[]" }, "twin"],
    [{ twin: "null" }, "twin"],
  ] as const)("%j is a fault of %s", (change, field) => {
    expect(Object.keys(checkSettings(draft(change)))).toEqual([field]);
  });
});

describe("edited settings", () => {
  const source: Enrollment = {
    registrationId: "one",
    attestation: { type: "symmetricKey" },
    iotHubHostName: "hub-a.test",
    allocationPolicy: "static",
    reprovisionPolicy: { updateHubAssignment: true, migrateDeviceData: false },
    initialTwin: { tags: { a: 1 }, properties: { desired: {} } },
    etag: "e",
    capabilities: { iotEdge: false },
    provisioningStatus: "enabled",
    createdDateTimeUtc: "2026-11-22T09:15:02.0000000Z",
    lastUpdatedDateTimeUtc: "2026-11-22T09:15:02.0000000Z",
    optionalDeviceInformation: { note: "kept" },
    credentialPolicyName: "kept",
  };

  it("that were not edited keep their meaning, and members unknown to the page stay", () => {
    const strange = { ...source, unknownToThePage: ["kept"] };
    expect(withSettings("individual", strange, settingsOf(strange))).toEqual(strange);
  });

  it("replace the old form once a hub or policy is chosen", () => {
    const settings = { ...settingsOf(source), allocationPolicy: "hashed" as const };
    const saved = withSettings("individual", source, settings);
    expect(saved).not.toHaveProperty("iotHubHostName");
    expect(saved).toMatchObject({ iotHubs: ["hub-a.test"], allocationPolicy: "hashed" });
  });

  it("remove the members of emptied fields", () => {
    const full = { ...source, deviceId: "d", iotHubs: ["hub-a.test"], allocationPolicy: "custom" as const };
    const settings = { ...settingsOf(full), deviceId: " ", iotHubs: [], allocationPolicy: "hashed" as const };
    const saved = withSettings(
      "individual",
      { ...full, customAllocationDefinition: { webhookUrl: "w", apiVersion: "2021-10-01" } },
      settings,
    );
    for (const name of ["deviceId", "iotHubs", "customAllocationDefinition"]) expect(saved).not.toHaveProperty(name);
  });
});

describe("a rolled credential", () => {
  const info = (name: string): EnrolledCertificate["info"] => ({
    subjectName: `CN=${name}`,
    issuerName: "CN=Test Root",
    sha1Thumbprint: "AA",
    sha256Thumbprint: "BB",
    notBeforeUtc: "2026-11-22T09:15:02Z",
    notAfterUtc: "2027-11-22T09:15:02Z",
    serialNumber: "01",
    version: 3,
  });
  it("is replaced, and the other credential stays", () => {
    const pair = { primary: { info: info("A") }, secondary: { info: info("B") } };
    expect(rolled({ type: "x509", x509: { signingCertificates: pair } }, "primary", "C")).toEqual({
      type: "x509",
      x509: { signingCertificates: { primary: { certificate: "C" }, secondary: { info: info("B") } } },
    });
    expect(rolled({ type: "x509", x509: { caReferences: { primary: "a" } } }, "secondary", "b")).toEqual({
      type: "x509",
      x509: { caReferences: { primary: "a", secondary: "b" } },
    });
    const keys = { primaryKey: "A", secondaryKey: "B" };
    expect(rolled({ type: "symmetricKey", symmetricKey: keys }, "secondary", "C")).toEqual({
      type: "symmetricKey",
      symmetricKey: { primaryKey: "A", secondaryKey: "C" },
    });
    expect(rolled({ type: "tpm", tpm: { endorsementKey: "A", storageRootKey: "S" } }, "primary", "B")).toEqual({
      type: "tpm",
      tpm: { endorsementKey: "B" },
    });
  });
});

it.each([
  ["registrationId", "id"],
  ["enrollmentGroupId", "id"],
  ["attestation.x509.signingCertificates.primary.certificate", "primaryCertificate"],
  ["attestation.x509.clientCertificates.secondary.info.sha256Thumbprint", "secondaryCertificate"],
  ["attestation.tpm.endorsementKey", "endorsementKey"],
  ["attestation.type", "mechanism"],
  ["iotHubs.0", "iotHubs"],
  ["customAllocationDefinition.webhookUrl", "webhookUrl"],
  ["initialTwin.properties.desired", "twin"],
  ["initialTwinned", "form"],
  [undefined, "form"],
])("a fault at %s is shown at %s", (path, field) => {
  expect(fieldOfPath(path)).toBe(field);
});
