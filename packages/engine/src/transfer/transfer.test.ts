import { randomBytes } from "node:crypto";
import { fc, it as property } from "@fast-check/vitest";
import { type Identity, issueLeaf, issueRoot, toPem } from "@rollcall/pki";
import { type DeviceIdentity, DpsError, type JsonObject, limits, propertyProblem, type Twin } from "@rollcall/protocol";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { tpmVectors } from "../../../../test/fixtures/tpm-vectors.js";
import { createCertificateOperator } from "../certificates/ca-certificates.js";
import { MemoryStore } from "../memory/memory-store.js";
import { createOperator } from "../operator/operator.js";
import type { RegistrationRecord } from "../records/records.js";
import type { Store } from "../records/store.js";
import { exportRecords } from "./export-records.js";
import { importRecords } from "./import-records.js";
import type { Spool } from "./import-types.js";

const NOW = Date.UTC(2026, 10, 23);
const SCOPE = "0ne00000000";
const HUB = "hub.example";
const hubs = { linked: () => [{ host: HUB, weight: 1, applyAllocationPolicy: true }] };
const clock = () => NOW;

class MemorySpool implements Spool {
  readonly #parts: Buffer[] = [];
  async write(text: string): Promise<void> {
    this.#parts.push(Buffer.from(text));
  }
  async *read(): AsyncGenerator<Uint8Array> {
    yield* this.#parts;
  }
}

interface How {
  readonly overwrite?: boolean;
  readonly generateKeys?: boolean;
  readonly idScope?: string;
}

function load(
  store: Store,
  upload: string | Uint8Array,
  { overwrite = false, generateKeys = false, idScope = SCOPE }: How = {},
) {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    const bytes = Buffer.from(upload);
    for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
  }
  const spool = new MemorySpool();
  return importRecords(chunks(), { store, idScope, hubs, clock, random: randomBytes, spool, overwrite, generateKeys });
}

async function save(store: Store): Promise<string> {
  let text = "";
  for await (const chunk of exportRecords({ store, idScope: SCOPE, now: NOW })) text += chunk;
  return text;
}

/** An export without its first line, whose date and counts are irrelevant to the records. */
const records = (text: string) =>
  text
    .trim()
    .split("\n")
    .slice(1)
    .map((line): unknown => JSON.parse(line));

async function refused(work: Promise<unknown>): Promise<DpsError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof DpsError) return error;
  throw new Error(`expected a DpsError, got ${String(error)}`, { cause: error });
}

const key = Buffer.alloc(32, 1).toString("base64");
const keys = { primaryKey: key, secondaryKey: key };
let root: Identity;
let leaf: Identity;
let store: MemoryStore;
let whole: string;

beforeAll(async () => {
  root = await issueRoot({ commonName: "Root" });
  leaf = await issueLeaf({ commonName: "x509-1", parent: root });
  whole = await save(await filled());
});

beforeEach(() => {
  store = new MemoryStore();
});

/** A store with a record of each kind. */
async function filled(): Promise<MemoryStore> {
  const full = new MemoryStore();
  const certificates = createCertificateOperator({ store: full, clock, random: randomBytes });
  await certificates.createCertificate("plant", { certificate: toPem(root.certificate.der), isVerified: true });
  const operator = createOperator({ store: full, hubs, clock, random: randomBytes, clusterSecret: Buffer.alloc(32) });
  const put = (registrationId: string, attestation: object, more: object = {}) =>
    operator.putEnrollment("individual", registrationId, { registrationId, attestation, ...more });
  await put(
    "key-1",
    { type: "symmetricKey", symmetricKey: keys },
    { deviceId: "dev$1", allocationPolicy: "hashed", iotHubs: [HUB] },
  );
  await put("tpm-1", { type: "tpm", tpm: { endorsementKey: tpmVectors.rsa.ek.tpm2bPublicBase64 } });
  const certificate = toPem(leaf.certificate.der);
  await put("x509-1", { type: "x509", x509: { clientCertificates: { primary: { certificate } } } });
  const group = (enrollmentGroupId: string, attestation: object) =>
    operator.putEnrollment("group", enrollmentGroupId, {
      enrollmentGroupId,
      attestation,
      initialTwin: { tags: { site: "ü" }, properties: { desired: { a: 1 } } },
      reprovisionPolicy: { updateHubAssignment: true, migrateDeviceData: false },
    });
  await group("by-key", { type: "symmetricKey" });
  await group("by-name", { type: "x509", x509: { caReferences: { primary: "plant" } } });
  await full.restore({ registrations: [registration], identities: [identity], twins: [twin] });
  return full;
}

const registration: RegistrationRecord = {
  registrationId: "key-1",
  enrollment: { kind: "individual", id: "key-1" },
  attestation: "symmetricKey",
  operations: [{ id: "4.0.0", startedAt: NOW, readyAt: NOW }],
  result: { status: "assigned", assignedHub: HUB, deviceId: "dev$1", substatus: "initialAssignment", payload: [1] },
  createdAt: NOW,
  updatedAt: NOW,
  etag: "r",
};
const identity: DeviceIdentity = {
  hub: HUB,
  deviceId: "dev$1",
  registrationId: "key-1",
  authentication: { type: "symmetricKey", ...keys },
  iotEdge: false,
  status: "enabled",
  createdAt: NOW,
};
const twin: Twin = {
  hub: HUB,
  deviceId: "dev$1",
  tags: {},
  desired: { a: { b: [1, null, "\u2028"] } },
  desiredVersion: 2,
  desiredUpdatedAt: NOW,
  reported: {},
  reportedVersion: 1,
  reportedUpdatedAt: NOW,
  etag: "t",
};

describe("an export", () => {
  it("begins with its kind and version, and ends with the number of records", () => {
    const lines = whole.trim().split("\n");
    expect(JSON.parse(lines[0] ?? "")).toEqual({
      kind: "rollcallExport",
      version: 2,
      idScope: SCOPE,
      exportedAt: "2026-11-23T00:00:00.000Z",
      counts: { individualEnrollments: 3, enrollmentGroups: 2, registrations: 1, certificates: 1 },
    });
    expect(JSON.parse(lines.at(-1) ?? "")).toEqual({ kind: "end", records: lines.length - 2 });
  });

  const sha = (digit: string) => digit.repeat(64);
  it.each([
    [{ type: "x509Thumbprint", primary: sha("A") }, [sha("A")]],
    [{ type: "x509Thumbprint", primary: sha("A"), secondary: sha("B") }, [sha("A"), sha("B")]],
    // The leaf of a group's device was not noted: the device registers again.
    [{ type: "x509Authority", authorities: ["AAAA"] }, []],
    [{ type: "selfSigned", thumbprints: [sha("C")] }, [sha("C")]],
  ])(
    "of version 1 is read, its X.509 devices by the thumbprints that are known: %j",
    async (authentication, thumbprints) => {
      const key = JSON.stringify({ type: "symmetricKey", ...keys });
      const older = whole.replace('"version":2', '"version":1');
      const device = older.split("\n").find((line) => line.startsWith('{"kind":"deviceIdentity"')) ?? "";
      expect(device).toContain(key);
      await load(store, older.replace(device, device.replace(key, JSON.stringify(authentication))));
      expect((await store.deviceIdentity(HUB, "dev$1"))?.authentication).toEqual({ type: "selfSigned", thumbprints });
    },
  );

  it("with an invalid thumbprint is refused", async () => {
    const key = JSON.stringify({ type: "symmetricKey", ...keys });
    const device = whole.split("\n").find((line) => line.startsWith('{"kind":"deviceIdentity"')) ?? "";
    const bad = device.replace(key, JSON.stringify({ type: "selfSigned", thumbprints: [sha("a")] }));
    expect((await refused(load(store, whole.replace(device, bad)))).message).toMatch(/is no SHA-256 in upper-case hex/);
  });

  it("makes the same instance again, byte for byte", async () => {
    expect(await load(store, whole)).toEqual({
      format: "export",
      imported: { certificates: 1, groups: 2, individuals: 3, registrations: 1, identities: 1, twins: 1 },
      notes: [],
    });
    expect(records(await save(store))).toEqual(records(whole));
    expect(await load(store, whole, { overwrite: true })).toMatchObject({ imported: { individuals: 3 } });
    expect(records(await save(store))).toEqual(records(whole));
  });

  it("is read page by page", async () => {
    const many = new MemoryStore();
    const identities = Array.from({ length: 1201 }, (_, index) => ({ ...identity, deviceId: `d${index}` }));
    await many.restore({ identities, twins: identities.map(({ deviceId }) => ({ ...twin, deviceId })) });
    const text = await save(many);
    expect(records(text)).toHaveLength(2 * 1201 + 1);
    expect(await load(store, text)).toMatchObject({ imported: { identities: 1201, twins: 1201 } });
    expect(await store.deviceCount(HUB)).toBe(1201);
  });

  const properties = fc
    .dictionary(fc.string(), fc.jsonValue())
    .map((value) => JSON.parse(JSON.stringify(value)) as JsonObject)
    .filter((value) => propertyProblem(value) === undefined);
  property.prop([properties, properties])("keeps twins unchanged", async (desired, reported) => {
    const [from, to] = [new MemoryStore(), new MemoryStore()];
    const made = { ...twin, desired, reported };
    await from.restore({ identities: [identity], twins: [made] });
    await load(to, await save(from));
    expect(await to.twin(HUB, "dev$1")).toEqual(made);
  });

  it("of a different scope, or with hubs that are not linked, is imported with a note", async () => {
    const strange = whole.replaceAll(HUB, "far.example");
    const { notes } = await load(store, strange, { idScope: "0ne00000009" });
    expect(notes).toEqual([
      expect.stringMatching(/from ID scope 0ne00000000; its records are now under 0ne00000009/),
      expect.stringMatching(/name hubs that are not linked here: far.example/),
    ]);
  });

  it("leaves out a device that is deleted during the export", async () => {
    const two = new MemoryStore();
    const other = { ...identity, deviceId: "dev$2" };
    await two.restore({ identities: [identity, other], twins: [twin, { ...twin, deviceId: "dev$2" }] });
    const twinOf = two.twin.bind(two);
    two.twin = async (hub, deviceId) => (deviceId === "dev$1" ? undefined : twinOf(hub, deviceId));
    const text = await save(two);
    expect(text).not.toContain("dev$1");
    expect(await load(store, text)).toMatchObject({ imported: { identities: 1, twins: 1 } });
  });

  const lineOf = (kind: string) => whole.split("\n").find((line) => line.startsWith(`{"kind":"${kind}"`)) ?? "";
  const without = (kind: string) => whole.replace(`${lineOf(kind)}\n`, "").replace(/"records":\d+/, '"records":8');

  it.each([
    ["deviceIdentity", "twin", /Line 9: dev\$1 of hub.example: the twin has no device, neither in the store nor/],
    ["twin", "deviceIdentity", /Line 9: dev\$1 of hub.example: the device has no twin, neither in the store nor/],
  ])("without its %s is imported only if that record exists already", async (missing, left, message) => {
    expect((await refused(load(store, without(missing)))).message).toMatch(message);
    expect(records(await save(store))).toEqual([{ kind: "end", records: 0 }]);
    await load(store, whole);
    expect(lineOf(left)).not.toBe("");
    expect(await load(store, without(missing), { overwrite: true })).toMatchObject({ imported: { individuals: 3 } });
    expect(records(await save(store))).toEqual(records(whole));
  });

  it("may have a twin before its device", async () => {
    const device = lineOf("deviceIdentity");
    const turned = whole.replace(`${device}\n${lineOf("twin")}`, `${lineOf("twin")}\n${device}`);
    expect(turned).not.toBe(whole);
    expect(await load(store, turned)).toMatchObject({ imported: { identities: 1, twins: 1 } });
  });

  it("is imported without the number at its end, which a person has to remove after removing lines", async () => {
    const lines = whole
      .trim()
      .split("\n")
      .filter((line) => !line.includes('"tpm-1"'));
    expect((await refused(load(store, lines.join("\n")))).message).toMatch(
      /^Line 10: says that 9 records.*, but 8 arrived/,
    );
    const open = [...lines.slice(0, -1), '{"kind":"end"}'].join("\r\n");
    expect(await load(store, open)).toMatchObject({ imported: { individuals: 2 } });
  });
});

/** The export with one line changed. */
const changed = (kind: string, change: (record: Record<string, unknown>) => unknown) => {
  const lines = whole.trim().split("\n");
  const index = lines.findIndex((line) => line.startsWith(`{"kind":"${kind}"`));
  const { record } = JSON.parse(lines[index] ?? "") as { record: Record<string, unknown> };
  return { line: index + 1, text: lines.with(index, JSON.stringify({ kind, record: change(record) })).join("\n") };
};

const withSource = ({ source, ...each }: Record<string, unknown>, more: object) => ({
  ...each,
  source: { ...(source as object), ...more },
});

describe("an invalid line", () => {
  it.each<[string, string, (record: Record<string, unknown>) => unknown, RegExp]>([
    ["no record", "twin", () => null, /twin: .*expected object/],
    [
      "an illegal id",
      "registration",
      (each) => ({ ...each, registrationId: "a b" }),
      /registration.registrationId: character 2/,
    ],
    [
      "no key",
      "enrollmentGroup",
      withKeys("AAAA"),
      /enrollmentGroup.attestation.primaryKey: is not base64 of 16 to 64 bytes/,
    ],
    [
      "another thumbprint",
      "caCertificate",
      (each) => ({ ...each, thumbprint: "AB" }),
      /caCertificate.thumbprint: is not the SHA-256/,
    ],
    ["a broken certificate", "caCertificate", (each) => ({ ...each, der: "AAAA" }), /caCertificate.der: /],
    ["a leaf as CA", "caCertificate", (each) => ({ ...each, der: leafText() }), /is not a CA certificate/],
    [
      "an unknown kind of key",
      "deviceIdentity",
      (each) => ({ ...each, authentication: {} }),
      /deviceIdentity.authentication/,
    ],
    [
      "a webhook that is not an address",
      "individualEnrollment",
      (each) =>
        withSource(each, { customAllocationDefinition: { webhookUrl: "ftp://u:p@x", apiVersion: "2021-10-01" } }),
      /individualEnrollment.source.customAllocationDefinition.webhookUrl: must be an http or https URL/,
    ],
    [
      "a list for notes",
      "individualEnrollment",
      (each) => withSource(each, { optionalDeviceInformation: [1] }),
      /source.optionalDeviceInformation: is not a JSON object/,
    ],
    ["a version below 1", "twin", (each) => ({ ...each, desiredVersion: 0 }), /twin.desiredVersion/],
    [
      "a name that twins must not contain",
      "twin",
      (each) => ({ ...each, reported: { "a.b": 1 } }),
      /twin.reported: .*"a.b"/,
    ],
    [
      "an initial twin that no hub accepts",
      "enrollmentGroup",
      (each) => ({ ...each, initialTwin: { tags: { $a: 1 }, desired: {} } }),
      /enrollmentGroup.initialTwin.tags: .*"\$a"/,
    ],
    ["a hub that is not a host", "twin", (each) => ({ ...each, hub: "hub example" }), /twin.hub: is not a host name/],
    ["too many tags", "twin", (each) => ({ ...each, tags: { a: "x".repeat(9000) } }), /twin.tags: has 9008 bytes/],
    ["text for properties", "twin", (each) => ({ ...each, desired: "x" }), /twin.desired: is not a JSON object/],
  ])("with %s is named, and nothing is imported", async (_, kind, change, message) => {
    const { line, text } = changed(kind, change);
    const error = await refused(load(store, text));
    expect(error).toMatchObject({ kind: "badRequest", info: { line: String(line) } });
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/Nothing was imported\.$/);
    expect(records(await save(store))).toEqual([{ kind: "end", records: 0 }]);
  });

  it.each<[string, (attestation: Record<string, unknown>) => object]>([
    [
      "a name without its certificate",
      ({ primary, ...each }) => ({ ...each, secondary: primary, secondaryName: "plant" }),
    ],
    ["a certificate without its name", ({ primaryName: _, ...each }) => each],
    ["a second certificate without a name", (each) => ({ ...each, secondary: each["primary"] })],
  ])("with %s is named, since that certificate would not be compared with a verified CA", async (_, change) => {
    const line = whole.split("\n").find((each) => each.includes('"by-name"')) ?? "";
    const { kind, record } = JSON.parse(line);
    const text = JSON.stringify({ kind, record: { ...record, attestation: change(record.attestation) } });
    const error = await refused(
      load(
        store,
        whole.replace(line, () => text),
      ),
    );
    expect(error.message).toMatch(/enrollmentGroup.attestation: must have exactly the CA certificates that it names/);
    expect(records(await save(store))).toEqual([{ kind: "end", records: 0 }]);
  });

  it.each<[string, () => string, RegExp]>([
    ["nothing", () => " \n", /The upload is empty/],
    ["a line that is not JSON", () => whole.replace('{"kind":"twin"', "{kind"), /Line 10: is not JSON/],
    [
      "a line of an unknown kind",
      () => whole.replace('"kind":"twin"', '"kind":"cat"'),
      /has the kind "cat"; known kinds are caCert/,
    ],
    ["a line without a kind", () => whole.replace('{"kind":"twin",', "{"), /Line 10: is not \{"kind": …/],
    ["a line after the end", () => `${whole}{"kind":"end"}`, /Line 12: comes after the end line \(line 11\)/],
    [
      "a missing end line",
      () => whole.split("\n").slice(0, 5).join("\n"),
      /Line 5: is the last line, but it is not an end line/,
    ],
    [
      "a version to come",
      () => whole.replace('"version":2', '"version":3'),
      /of version 3; this service reads versions 1 and 2/,
    ],
    ["YAML", () => "enrollments: []\n", /does not begin a Rollcall export, an array/],
    ["a seed with an unknown member", () => '{"enrolments":[]}', /nor a seed/],
    ["a record that appears twice", twice, /Line 11: individual enrollment x509-1 appears twice/],
  ])("such as %s is refused", async (_, text, message) => {
    expect((await refused(load(store, text()))).message).toMatch(message);
    expect((await store.counts()).individualEnrollments).toBe(0);
  });

  property.prop([fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 4 })])(
    "of any kind leaves the store either empty or complete",
    async (at, bytes) => {
      const target = new MemoryStore();
      const upload = Buffer.from(whole);
      upload.set(bytes, at % (upload.length - bytes.length));
      const answer = await load(target, upload).catch((error: unknown) => error);
      const count = records(await save(target)).length - 1;
      if (answer instanceof Error) expect([answer.name, count]).toEqual(["DpsError", 0]);
      else expect(count).toBe(records(whole).length - 1);
    },
  );

  property.prop([fc.oneof(fc.string(), fc.uint8Array(), fc.json())])(
    "of any upload is refused or read",
    async (upload) => {
      const answer = await load(new MemoryStore(), upload).catch((error: unknown) => error);
      if (answer instanceof Error) expect(answer).toBeInstanceOf(DpsError);
    },
  );
});

function withKeys(text: string) {
  return (record: Record<string, unknown>) => ({
    ...record,
    attestation: { type: "symmetricKey", primaryKey: text, secondaryKey: text },
  });
}

const leafText = () => leaf.certificate.der.toString("base64");

function twice(): string {
  const lines = whole.trim().split("\n");
  const one = lines.find((line) => line.includes('"registrationId":"x509-1"')) ?? "";
  return [...lines.slice(0, -1), one, '{"kind":"end"}'].join("\n");
}

describe("an existing record", () => {
  it.each([
    ["caCertificate", "plant", 2],
    ["enrollmentGroup", "by-key", 3],
    ["individualEnrollment", "key-1", 5],
    ["registration", "key-1", 8],
    ["deviceIdentity", "dev$1 of hub.example", 9],
  ])("is a conflict: %s", async (kind, id, line) => {
    const lines = whole.trim().split("\n");
    const pair = kind === "deviceIdentity" ? [kind, "twin"] : [kind];
    const own = lines.filter((each) => pair.some((one) => each.startsWith(`{"kind":"${one}"`)));
    const referred = kind === "caCertificate" ? [] : lines.filter((each) => each.startsWith('{"kind":"caCertificate"'));
    await load(store, [lines[0], ...referred, ...own, '{"kind":"end"}'].join("\n"));
    if (referred.length > 0) await store.removeCaCertificate("plant");
    expect(await refused(load(store, whole))).toMatchObject({
      kind: kind === "enrollmentGroup" ? "groupAlreadyExists" : "alreadyExists",
      info: { id, line: String(line) },
    });
    expect(await load(store, whole, { overwrite: true })).toMatchObject({ imported: { individuals: 3 } });
  });

  it("cannot be a CA certificate with different content or under a different name", async () => {
    const other = await issueRoot({ commonName: "Other" });
    const certificates = createCertificateOperator({ store, clock, random: randomBytes });
    await certificates.createCertificate("plant", { certificate: toPem(other.certificate.der) });
    expect((await refused(load(store, whole, { overwrite: true }))).message).toMatch(
      /already exists with different content; delete it/,
    );
    await certificates.deleteCertificate("plant");
    await certificates.createCertificate("root", { certificate: toPem(root.certificate.der) });
    expect((await refused(load(store, whole, { overwrite: true }))).message).toMatch(/under the name root/);
  });

  it("counts toward the limits", async () => {
    const groups = Array.from({ length: limits.symmetricKeyGroups }, (_, index) => ({
      enrollmentGroupId: `g${index}`,
      attestation: { type: "symmetricKey", symmetricKey: keys },
    }));
    await load(store, JSON.stringify(groups));
    expect(await refused(load(store, whole))).toMatchObject({
      kind: "quotaExceeded",
      message: expect.stringMatching(/there would be 101 symmetric-key enrollment groups; the limit is 100/),
    });
    expect(await load(store, JSON.stringify(groups), { overwrite: true })).toMatchObject({ imported: { groups: 100 } });
  });

  it("is required, and verified, when groups refer to a CA certificate", async () => {
    const without = whole
      .trim()
      .split("\n")
      .filter((line) => !line.startsWith('{"kind":"caCertificate"'));
    const text = [...without.slice(0, -1), '{"kind":"end"}'].join("\n");
    expect((await refused(load(store, text))).message).toMatch(
      /refers to the CA certificate plant, which is not there/,
    );
    const { text: unverified } = changed("caCertificate", (each) => ({ ...each, isVerified: false }));
    expect((await refused(load(store, unverified))).message).toMatch(/plant, which is not verified/);
  });
});

describe("a list of az", () => {
  const individual = (registrationId: string, attestation: object): JsonObject => ({
    allocationPolicy: null,
    attestation: { symmetricKey: null, tpm: null, x509: null, type: "x509", ...attestation },
    capabilities: { iotEdge: false },
    createdDateTimeUtc: "2026-01-01T00:00:00+00:00",
    customAllocationDefinition: null,
    deviceId: null,
    etag: '"0100-0000"',
    initialTwin: { properties: { additionalProperties: {}, desired: {} }, tags: {} },
    iotHubHostName: "some.azure-devices.net",
    iotHubs: null,
    lastUpdatedDateTimeUtc: "2026-01-01T00:00:00+00:00",
    optionalDeviceInformation: null,
    provisioningStatus: "enabled",
    registrationId,
    registrationState: { status: "assigned", assignedHub: "some.azure-devices.net" },
    reprovisionPolicy: { migrateDeviceData: true, updateHubAssignment: true },
  });
  const info = { sha1Thumbprint: "AB".repeat(20), sha256Thumbprint: "CD".repeat(32), subjectName: "CN=a" };
  const pair = { primary: { certificate: null, info }, secondary: null };

  it("is imported as printed: thumbprints are enough for individual enrollments", async () => {
    const x509 = { caReferences: null, clientCertificates: pair, signingCertificates: null };
    const list = [individual("a", { x509 }), individual("b", { type: "symmetricKey", symmetricKey: keys })];
    const { imported, notes } = await load(store, JSON.stringify(list, null, 2));
    expect(imported).toMatchObject({ individuals: 2 });
    expect(notes).toEqual([
      expect.stringContaining("some.azure-devices.net"),
      expect.stringContaining("every device must register once"),
    ]);
    expect((await store.individualEnrollment("a"))?.attestation).toMatchObject({
      primary: { thumbprint: "CD".repeat(32) },
    });
    expect((await store.individualEnrollment("b"))?.attestation).toEqual({ type: "symmetricKey", ...keys });
  });

  it.each<[string, JsonObject, RegExp]>([
    [
      "keys that az does not show",
      individual("b", { type: "symmetricKey", symmetricKey: { primaryKey: null, secondaryKey: null } }),
      /^Line 2: attestation.symmetricKey: b has no symmetric keys .*generateKeys=true/,
    ],
    [
      "a group's certificate that az does not show",
      { enrollmentGroupId: "g", attestation: { type: "x509", x509: { signingCertificates: pair } } },
      /a group needs the certificate itself: nothing can be verified with a thumbprint \(g\)/,
    ],
    [
      "a CA that does not exist",
      { enrollmentGroupId: "g", attestation: { type: "x509", x509: { caReferences: { primary: "p" } } } },
      /no CA certificate has the name "p"/,
    ],
    ["an invalid entry", { name: "x" }, /is neither an enrollment nor an enrollment group/],
    ["an illegal id", individual("b ", { type: "symmetricKey", symmetricKey: keys }), /registrationId: .*\(b \)/],
  ])("with %s: the error names the entry, and nothing is imported", async (_, entry, message) => {
    const good = individual("a", { type: "symmetricKey", symmetricKey: keys });
    const error = await refused(load(store, `[${JSON.stringify(good)},\n${JSON.stringify(entry)}]`));
    expect([error.kind, error.info?.["line"]]).toEqual(["badRequest", "2"]);
    expect(error.message).toMatch(message);
    expect((await store.counts()).individualEnrollments).toBe(0);
  });

  it("gets new keys with generateKeys; a single entry is imported, too", async () => {
    const one = individual("a", { type: "symmetricKey" });
    expect(await load(store, JSON.stringify(one), { generateKeys: true })).toMatchObject({
      imported: { individuals: 1 },
    });
    expect((await store.individualEnrollment("a"))?.attestation).toMatchObject({
      primaryKey: expect.stringMatching(/.{80}/),
    });
  });
});

it("a seed file is imported like rollcall start --seed loads it", async () => {
  const seed = { enrollments: [{ registrationId: "a", attestation: { type: "symmetricKey" } }], enrollmentGroups: [] };
  expect(await load(store, JSON.stringify(seed, null, 2))).toMatchObject({
    format: "seed",
    imported: { individuals: 1 },
  });
});

it("when the store fails in the middle, the error says how many records were put", async () => {
  const restore = store.restore.bind(store);
  let calls = 0;
  store.restore = (batch) => (++calls > 1 ? Promise.reject(new Error("the disk is full")) : restore(batch));
  const entries = Array.from({ length: 1100 }, (_, index) => ({
    registrationId: `d${index}`,
    attestation: { type: "symmetricKey", symmetricKey: keys },
  }));
  const error = await refused(load(store, JSON.stringify(entries)));
  expect(error).toMatchObject({ kind: "internal", info: { put: "500", of: "1100" } });
  expect((await store.counts()).individualEnrollments).toBe(500);
});
