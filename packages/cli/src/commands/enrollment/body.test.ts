import { type AttestationKind, type Json, type JsonObject, seedSchema } from "@rollcall/protocol";
import { describe, expect, it } from "vitest";
import { createdEnrollment, updatedEnrollment } from "./body.js";
import type { Change } from "./changes.js";

/** A change as a flag makes it. */
const change = (flag: string, path: string, value: Json | undefined, attestation?: AttestationKind): Change => ({
  flag,
  path: path.split("."),
  value,
  attestation,
});

const KEY = Buffer.alloc(32, 1).toString("base64");
const at = (type: string) => change("--at", "attestation.type", type);
const ek = change("--ek", "attestation.tpm.endorsementKey", "AAAA", "tpm");
const pk = change("--pk", "attestation.symmetricKey.primaryKey", KEY, "symmetricKey");
const cert = (text: string) => ({ certificate: text });
const cp = change("--cp", "attestation.x509.clientCertificates.primary", cert("one"), "x509");
const scp = change("--scp", "attestation.x509.clientCertificates.secondary", cert("two"), "x509");
const groupCp = change("--cp", "attestation.x509.signingCertificates.primary", cert("one"), "x509");
const cn = change("--cn", "attestation.x509.caReferences.primary", "root-1", "x509");
const rc = change("--rc", "attestation.x509.clientCertificates.primary", undefined, "x509");
const rsc = change("--rsc", "attestation.x509.clientCertificates.secondary", undefined, "x509");
const ap = (policy: string) => change("--ap", "allocationPolicy", policy);
const ih = (...hosts: string[]) => change("--ih", "iotHubs", hosts);
const hn = change("--hn", "iotHubHostName", "hub.example");
const wh = change("--wh", "customAllocationDefinition.webhookUrl", "http://127.0.0.1/");

describe("createdEnrollment", () => {
  it.each<[string, readonly Change[], JsonObject]>([
    ["--at alone: the service makes the keys", [at("symmetricKey")], { type: "symmetricKey" }],
    ["a key implies symmetricKey", [pk], { type: "symmetricKey", symmetricKey: { primaryKey: KEY } }],
    ["an endorsement key implies tpm", [ek], { type: "tpm", tpm: { endorsementKey: "AAAA" } }],
    [
      "certificates imply x509",
      [cp, scp],
      { type: "x509", x509: { clientCertificates: { primary: cert("one"), secondary: cert("two") } } },
    ],
  ])("%s", (_, changes, attestation) => {
    const body = createdEnrollment("individual", "dev1", changes);
    expect(body).toEqual({ registrationId: "dev1", attestation });
    expect(seedSchema.safeParse({ enrollments: [body] }).success).toBe(true);
  });

  it.each<[string, readonly Change[], JsonObject]>([
    ["nothing", [], { type: "symmetricKey" }],
    ["a certificate", [groupCp], { type: "x509", x509: { signingCertificates: { primary: cert("one") } } }],
    ["the name of a CA", [cn], { type: "x509", x509: { caReferences: { primary: "root-1" } } }],
  ])("a group of %s", (_, changes, attestation) => {
    const body = createdEnrollment("group", "yard", changes);
    expect(body).toEqual({ enrollmentGroupId: "yard", attestation });
    expect(seedSchema.safeParse({ enrollmentGroups: [body] }).success).toBe(true);
  });

  it("puts members where they belong on the wire", () => {
    const twin = change("--props", "initialTwin.properties.desired", { a: 1 });
    const tags = change("--tags", "initialTwin.tags", { b: 2 });
    const custom = [ap("custom"), wh, change("--av", "customAllocationDefinition.apiVersion", "2021-10-01")];
    expect(createdEnrollment("individual", "x", [pk, twin, tags, ...custom])).toMatchObject({
      initialTwin: { tags: { b: 2 }, properties: { desired: { a: 1 } } },
      allocationPolicy: "custom",
      customAllocationDefinition: { webhookUrl: "http://127.0.0.1/", apiVersion: "2021-10-01" },
    });
  });

  it("writes the old single hub as az does", () => {
    const body = createdEnrollment("individual", "x", [pk, hn]);
    expect(body).toMatchObject({ allocationPolicy: "static", iotHubs: ["hub.example"] });
    expect(body).not.toHaveProperty("iotHubHostName");
  });

  it.each<[string, "individual" | "group", readonly Change[], RegExp]>([
    ["no attestation flag", "individual", [], /--at symmetricKey, --ek or --cp/],
    [
      "two attestation types at once",
      "individual",
      [ek, pk],
      /^--ek, --pk: these flags are of different attestation types/,
    ],
    [
      "a flag of an attestation type other than --at",
      "individual",
      [at("x509"), pk],
      /^--pk does not go with --at x509/,
    ],
    ["tpm without a key", "individual", [at("tpm")], /^--at tpm needs --ek <base64>/],
    ["x509 without a certificate", "individual", [at("x509")], /^--at x509 needs --cp <file>$/],
    ["an x509 group without a certificate", "group", [at("x509")], /needs --cp <file> or --ca-name <name>/],
    ["a group of TPMs", "group", [at("tpm")], /TPMs are enrolled one by one/],
    ["a certificate and a name of a certificate", "group", [groupCp, cn], /--cp and --ca-name do not go together/],
    ["the old hub and new hubs", "individual", [pk, hn, ih("a")], /^--hn and --ih do not go together/],
    ["the old hub and a policy", "individual", [pk, hn, ap("hashed")], /^--hn and --ap do not go together/],
    ["a webhook without custom", "individual", [pk, ap("hashed"), wh], /^--wh goes with --ap custom/],
  ])("refuses %s", (_, kind, changes, message) => {
    expect(() => createdEnrollment(kind, "x", changes)).toThrow(message);
  });
});

describe("updatedEnrollment", () => {
  const readOnly = {
    etag: '"1"',
    registrationState: { status: "assigned" },
    createdDateTimeUtc: "2026-01-01T00:00:00Z",
    lastUpdatedDateTimeUtc: "2026-01-01T00:00:00Z",
  };
  const x509 = (pair: JsonObject, holder = "clientCertificates") => ({
    registrationId: "pump",
    attestation: { type: "x509", x509: { [holder]: pair } },
    allocationPolicy: "hashed",
    iotHubHostName: "old.example",
    ...readOnly,
  });
  const both = x509({ primary: { info: { sha256Thumbprint: "A" } }, secondary: { info: { sha256Thumbprint: "B" } } });
  const pairOf = (body: JsonObject) => (body["attestation"] as { x509: JsonObject }).x509;

  it("changes the named members and keeps the rest, except the members that the service writes", () => {
    const body = updatedEnrollment("individual", both, [change("--ps", "provisioningStatus", "disabled")]);
    const { etag, registrationState, createdDateTimeUtc, lastUpdatedDateTimeUtc, ...kept } = both;
    expect(body).toEqual({ ...kept, provisioningStatus: "disabled" });
    expect([etag, registrationState, createdDateTimeUtc, lastUpdatedDateTimeUtc]).toEqual(Object.values(readOnly));
  });

  it("new hubs replace the old single hub", () => {
    expect(updatedEnrollment("individual", both, [ih("a", "b")])).toMatchObject({ iotHubs: ["a", "b"] });
    expect(updatedEnrollment("individual", both, [ih("a", "b")])).not.toHaveProperty("iotHubHostName");
  });

  it("a policy other than custom removes the webhook; a new webhook URL keeps the api-version", () => {
    const custom = {
      ...both,
      allocationPolicy: "custom",
      customAllocationDefinition: { webhookUrl: "a", apiVersion: "b" },
    };
    expect(updatedEnrollment("individual", custom, [ap("hashed")])).not.toHaveProperty("customAllocationDefinition");
    expect(updatedEnrollment("individual", custom, [wh])).toMatchObject({
      customAllocationDefinition: { webhookUrl: "http://127.0.0.1/", apiVersion: "b" },
    });
  });

  it.each<[string, readonly Change[], JsonObject]>([
    ["--cp replaces the primary", [cp], { primary: cert("one"), secondary: { info: { sha256Thumbprint: "B" } } }],
    ["--scp replaces the secondary", [scp], { primary: { info: { sha256Thumbprint: "A" } }, secondary: cert("two") }],
    ["--rsc takes the secondary away", [rsc], { primary: { info: { sha256Thumbprint: "A" } } }],
    ["--rc leaves the secondary where it is, as az does", [rc], { secondary: { info: { sha256Thumbprint: "B" } } }],
    ["--rc --cp is --cp", [rc, cp], { primary: cert("one"), secondary: { info: { sha256Thumbprint: "B" } } }],
    ["--rsc --scp is --scp", [rsc, scp], { primary: { info: { sha256Thumbprint: "A" } }, secondary: cert("two") }],
  ])("%s", (_, changes, pair) => {
    expect(pairOf(updatedEnrollment("individual", both, changes))).toEqual({ clientCertificates: pair });
  });

  it("does not remove the last certificate", () => {
    const one = x509({ primary: { info: {} }, secondary: null });
    expect(() => updatedEnrollment("individual", one, [rc])).toThrow(/the last certificate cannot be removed/);
    expect(() => updatedEnrollment("individual", both, [rc, rsc])).toThrow(/the last certificate cannot be removed/);
  });

  it("a group changes from certificates to a CA's name, and back", () => {
    const { registrationId: _, ...common } = x509({ primary: { info: {} } }, "signingCertificates");
    const group = { ...common, enrollmentGroupId: "yard" };
    const named = updatedEnrollment("group", group, [cn]);
    expect(pairOf(named)).toEqual({ caReferences: { primary: "root-1" } });
    expect(pairOf(updatedEnrollment("group", named, [groupCp]))).toEqual({
      signingCertificates: { primary: cert("one") },
    });
  });

  it("refuses flags of another attestation, and says that the type stays", () => {
    expect(() => updatedEnrollment("individual", both, [pk])).toThrow(
      "--pk does not go with pump, which attests by x509 (its type cannot change: delete it and create it again)",
    );
  });

  it("does not modify its input", () => {
    const before = structuredClone(both);
    updatedEnrollment("individual", both, [cp, rsc, ih("z"), change("--tags", "initialTwin.tags", { a: 1 })]);
    expect(both).toEqual(before);
  });
});
