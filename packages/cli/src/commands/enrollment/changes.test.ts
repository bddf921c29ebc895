import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { issueLeaf, issueRoot } from "@rollcall/pki";
import type { EnrollmentKind } from "@rollcall/protocol";
import { Command, CommanderError } from "commander";
import { createTpm } from "tpm-js-sim";
import { TpmClient } from "tpm-js-sim/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addEnrollmentFlags, type Change, type EnrollmentVerb, flagOfMember, readChanges } from "./changes.js";
import { enrollmentFlags } from "./flags-table.js";

let folder: string;
const path = (name: string) => join(folder, name);
let leafDer: string;
let rootDer: string;
let leafKeyPem: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "rollcall-flags-"));
  const root = await issueRoot({ commonName: "Root" });
  const leaf = await issueLeaf({ commonName: "pump-7", parent: root });
  leafDer = leaf.certificate.der.toString("base64");
  rootDer = root.certificate.der.toString("base64");
  leafKeyPem = leaf.privateKeyPem;
  writeFileSync(path("root.pem"), root.certificatePem);
  writeFileSync(path("leaf.pem"), leaf.certificatePem);
  writeFileSync(path("leaf.der"), leaf.certificate.der);
  writeFileSync(path("chain.pem"), leaf.certificatePem + root.certificatePem);
  writeFileSync(path("leaf.key.pem"), leafKeyPem);
  writeFileSync(path("cut.der"), leaf.certificate.der.subarray(0, 100));
  writeFileSync(path("twin.json"), '{"interval": 5}');
  writeFileSync(path("key.txt"), `${KEY}\n`);
});
afterAll(() => rmSync(folder, { recursive: true }));

const KEY = Buffer.alloc(32, 1).toString("base64");
const notes: string[] = [];

/** The changes and notes of a command line. */
async function parse(args: readonly string[], kind: EnrollmentKind = "individual", verb: EnrollmentVerb = "create") {
  const command = addEnrollmentFlags(new Command("x"), kind, verb)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  command.parse([...args], { from: "user" });
  notes.length = 0;
  return readChanges(kind, verb, command.opts(), (text) => notes.push(text));
}

const members = (changes: readonly Change[]) =>
  Object.fromEntries(changes.map((each) => [each.path.join("."), each.value]));

describe("the table of flags", () => {
  it("has no spelling twice", () => {
    for (const kind of ["individual", "group"] as const) {
      const rows = enrollmentFlags.filter((row) => (row.kind ?? kind) === kind);
      const spellings = rows.flatMap(({ flags, also = [] }) => [...(flags.match(/--[\w-]+/g) ?? []), ...also]);
      expect(spellings).toEqual([...new Set(spellings)]);
    }
  });

  const text = {
    "--at": "tpm",
    "--ps": "disabled",
    "--ap": "hashed",
    "--rp": "never",
    "--tags": '{"a":1}',
    "--props": '{"a":1}',
    "--info": '{"a":1}',
    "--ee": "false",
    "--pk": KEY,
    "--sk": KEY,
    "--rc": "true",
    "--rsc": "true",
  } as const satisfies Record<string, string>;
  const sample: Readonly<Record<string, string>> = text;
  const value = (short: string) => {
    if (short === "--cp" || short === "--scp") return path("root.pem");
    if (short !== "--ek") return sample[short] ?? "value";
    const tpm = createTpm({ seed: "a" });
    return new TpmClient((bytes) => tpm.send(bytes)).endorsementKey().toString("base64");
  };

  const spelled = enrollmentFlags.flatMap((row) => {
    const [short = "", long = ""] = row.flags.match(/--[\w-]+/g) ?? [];
    return [long, ...(row.also ?? [])].map((other) => [short, other, row] as const);
  });
  it.each(spelled)("%s and %s are the same flag", async (short, other, row) => {
    const [kind, verb] = [row.kind ?? "group", row.verb ?? "update"] as const;
    const changes = await parse([short, value(short)], kind, verb);
    expect(changes).toHaveLength(1);
    expect(await parse([other, value(short)], kind, verb)).toEqual(changes);
  });
});

describe("values", () => {
  it("are taken in any case, and sent as the wire has them", async () => {
    const changes = await parse([
      "--at",
      "symmetrickey",
      "--ap",
      "GEOLATENCY",
      "--ps",
      "Disabled",
      "--rp",
      "ReprovisionAndResetData",
    ]);
    expect(members(changes)).toEqual({
      "attestation.type": "symmetricKey",
      allocationPolicy: "geoLatency",
      provisioningStatus: "disabled",
      reprovisionPolicy: { updateHubAssignment: true, migrateDeviceData: false },
    });
  });

  it.each([
    [["--ih", "a", "b", "--ap", "hashed"]],
    [["--ih", "a b", "--ap", "hashed"]],
    [["--ih", "a,b", "--ap", "hashed"]],
    [["--iot-hubs", "a", "--ih", "b"]],
  ])("several hubs: %j", async (args) => {
    expect(members(await parse(args))).toMatchObject({ iotHubs: ["a", "b"] });
  });

  it.each([
    [["--ee"], true],
    [["--ee", "true"], true],
    [["--edge-enabled", "No"], false],
    [["--ee", "0"], false],
  ])("%j is %s", async (args, value) => {
    expect(members(await parse(args))).toEqual({ "capabilities.iotEdge": value });
  });

  it("of twins are JSON, a file, or empty", async () => {
    expect(members(await parse(["--tags", "", "--props", `@${path("twin.json")}`]))).toEqual({
      "initialTwin.tags": {},
      "initialTwin.properties.desired": { interval: 5 },
    });
  });

  it.each([
    ["{'location':{'region':'US'}}", { location: { region: "US" } }],
    ["{ 'a': 1, 'b': [true, 'it''s'] }", { a: 1, b: [true, "it's"] }],
  ])("of twins may be written as in az's examples: %s", async (text, value) => {
    expect(members(await parse(["--tags", text]))).toEqual({ "initialTwin.tags": value });
  });

  it("of keys may be read from a file", async () => {
    expect(members(await parse(["--pk", `@${path("key.txt")}`]))).toEqual({
      "attestation.symmetricKey.primaryKey": KEY,
    });
  });

  it("of certificates are PEM or DER; of a chain the first is used, with a note", async () => {
    for (const name of ["leaf.pem", "leaf.der", "chain.pem"])
      expect(members(await parse(["--cp", path(name)]))).toEqual({
        "attestation.x509.clientCertificates.primary": { certificate: leafDer },
      });
    expect(notes).toEqual([`--cp ${path("chain.pem")} holds 2 certificates; only the first is used: CN=pump-7`]);
    expect(members(await parse(["--cp", path("root.pem")], "group"))).toEqual({
      "attestation.x509.signingCertificates.primary": { certificate: rootDer },
    });
  });

  it("--rc and --rsc remove certificates, but not with the value false", async () => {
    expect(await parse(["--rc", "--rsc", "false"], "group", "update")).toEqual([
      {
        flag: "--rc",
        path: ["attestation", "x509", "signingCertificates", "primary"],
        value: undefined,
        attestation: "x509",
      },
    ]);
  });
});

describe("an unreadable value is named with its flag and file, and no key is repeated", () => {
  const secret = "c2VjcmV0";
  it.each<[string, () => readonly string[], RegExp]>([
    ["no file", () => ["--cp", path("nothing.pem")], /^--cp .*nothing\.pem: there is no such file$/],
    ["a folder", () => ["--scp", folder], /^--scp .*: it is a folder$/],
    [
      "a key instead of a certificate",
      () => ["--cp", path("leaf.key.pem")],
      /^--cp .*leaf\.key\.pem: .*PRIVATE KEY and no CERTIFICATE/,
    ],
    ["DER that is cut short", () => ["--cp", path("cut.der")], /^--cp .*cut\.der: /],
    ["a short key", () => ["--pk", secret], /^--pk has 6 bytes; 16 to 64 are allowed$/],
    ["text that is not base64", () => ["--sk", `${secret}!`], /^--sk is not base64 with padding$/],
    [
      "a key that is not an endorsement key",
      () => ["--ek", secret],
      /^--ek is not an endorsement key \(TPM2B_PUBLIC\): .* at byte 0/,
    ],
    ["an endorsement key that is not base64", () => ["--ek", "###"], /^--ek is not base64/],
    ["no JSON", () => ["--tags", "{"], /^--tags is not JSON: /],
    ["a mapping that is neither JSON nor az's form", () => ["--tags", "{'a':"], /^--tags is not JSON: /],
    ["text", () => ["--tags", "a: b"], /^--tags is not JSON: /],
    ["JSON that is not an object", () => ["--props", "[1]"], /^--props is not a JSON object$/],
  ])("%s", async (_, args, message) => {
    const error = await parse(args()).then(
      () => undefined,
      (reason: Error) => reason,
    );
    expect(error?.message).toMatch(message);
    expect(error?.message).not.toContain(secret);
    expect(error?.message).not.toContain(leafKeyPem.slice(40, 80));
  });

  it("a leaf cannot be the certificate of a group", async () => {
    await expect(parse(["--cp", path("leaf.pem")], "group")).rejects.toThrow(
      `--cp ${path("leaf.pem")}: CN=pump-7 is not a CA certificate (basicConstraints), so it cannot sign device certificates`,
    );
  });

  it.each([
    ["--at", "none"],
    ["--ps", "maybe"],
    ["--ee", "perhaps"],
  ])("%s %s is wrong usage", async (...args) => {
    await expect(parse(args)).rejects.toThrow(CommanderError);
  });
});

it.each<[string, EnrollmentKind, string | undefined]>([
  ["attestation.tpm.endorsementKey", "individual", "--ek"],
  ["attestation.x509.clientCertificates.primary.certificate", "individual", "--cp"],
  ["attestation.x509.signingCertificates.secondary", "group", "--scp"],
  ["attestation.x509.caReferences.primary", "group", "--cn"],
  ["iotHubs.3", "group", "--ih"],
  ["initialTwin.tags.a.b", "individual", "--tags"],
  ["deviceIdentity", "individual", undefined],
])("the member %s of %s is set by %s", (member, kind, flag) => {
  expect(flagOfMember(member, kind)).toBe(flag);
});
