import { X509Certificate } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createSecureContext } from "node:tls";
import { expect, test } from "vitest";
import { temporaryFolder } from "./run-cli.js";
import { runHere } from "./run-here.js";

const certificatesIn = (pem: string) =>
  (pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map(
    (each) => new X509Certificate(each),
  );
const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

test("pki root --cn issues a root; only the owner can read the key; existing files are not overwritten", async () => {
  await using folder = await temporaryFolder();
  const args = ["pki", "root", "--cn", "Factory root", "--out-dir", "pki"];
  const first = await runHere(args, { cwd: folder.path });
  expect(first).toMatchObject({ code: 0, stdout: "pki/Factory-root.pem\npki/Factory-root.key.pem\n" });
  expect(first.stderr).toMatch(
    /Next: rollcall pki leaf --cn <registration-id> --ca pki\/Factory-root.pem --ca-key pki\/Factory-root.key.pem/,
  );

  const path = join(folder.path, "pki", "Factory-root.pem");
  const before = readFileSync(path, "utf8");
  const certificate = new X509Certificate(before);
  expect([certificate.subject, certificate.ca, certificate.publicKey.asymmetricKeyType]).toEqual([
    "CN=Factory root",
    true,
    "ec",
  ]);
  expect([mode(path), mode(join(folder.path, "pki", "Factory-root.key.pem"))]).toEqual(["644", "600"]);

  const second = await runHere(args, { cwd: folder.path });
  expect(second).toMatchObject({ code: 5, stdout: "" });
  expect(second.stderr).toMatch(/Factory-root.pem exists; --force replaces it/);
  expect(readFileSync(path, "utf8")).toBe(before);
  expect((await runHere([...args, "--force", "--key", "rsa"], { cwd: folder.path })).code).toBe(0);
  expect(new X509Certificate(readFileSync(path)).publicKey.asymmetricKeyType).toBe("rsa");
});

test("pki chain and pki leaf make a chain in which each certificate signs the previous one", async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  const chain = await runHere(["pki", "chain", "--cn", "Plant", "--intermediates", "2"], { cwd });
  expect(chain).toMatchObject({ code: 0 });
  expect(
    chain.stdout
      .trim()
      .split("\n")
      .filter((line) => !line.includes(".key.")),
  ).toEqual(["Plant-root.pem", "Plant-intermediate-1.pem", "Plant-intermediate-2.pem"]);
  const leaf = await runHere(
    [
      "pki",
      "leaf",
      "--cn",
      "pump:7",
      "--ca",
      "Plant-intermediate-2.pem",
      "--ca-key",
      "Plant-intermediate-2.key.pem",
      "--days",
      "30",
    ],
    { cwd },
  );
  expect(leaf).toMatchObject({ code: 0, stdout: "pump-7.pem\npump-7.key.pem\n" });
  expect(leaf.stderr).toContain(
    "Next: rollcall device register --rid pump:7 --at x509 --cp pump-7.pem --kp pump-7.key.pem",
  );
  const sent = certificatesIn(readFileSync(join(cwd, "pump-7.pem"), "utf8"));
  const root = new X509Certificate(readFileSync(join(cwd, "Plant-root.pem")));
  expect(sent.map(({ subject }) => subject)).toEqual([
    "CN=pump:7",
    "CN=Plant intermediate 2",
    "CN=Plant intermediate 1",
  ]);
  [...sent, root].forEach((certificate, index, all) => {
    const issuer = all[index + 1] ?? root;
    expect(certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)).toBe(true);
  });
  const days = (Date.parse(sent[0]?.validTo ?? "") - Date.now()) / 86_400_000;
  expect(Math.round(days)).toBe(30);
});

test("pki p12 bundles chain and key", async () => {
  await using folder = await temporaryFolder();
  const cwd = folder.path;
  await runHere(["pki", "leaf", "--cn", "pump-7"], { cwd });
  writeFileSync(join(cwd, "password"), "secret\n");
  const bundle = await runHere(
    [
      "pki",
      "p12",
      "--cp",
      "pump-7.pem",
      "--kp",
      "pump-7.key.pem",
      "--out",
      "pump-7.p12",
      "--password-file",
      "password",
    ],
    { cwd },
  );
  expect(bundle).toEqual({ code: 0, stdout: "pump-7.p12\n", stderr: "" });
  expect(mode(join(cwd, "pump-7.p12"))).toBe("600");
  const pfx = readFileSync(join(cwd, "pump-7.p12"));
  expect(() => createSecureContext({ pfx, passphrase: "secret" })).not.toThrow();
  expect(() => createSecureContext({ pfx, passphrase: "wrong" })).toThrow(/mac verify failure/i);
});

const mistakes: readonly [string, readonly string[], RegExp][] = [
  ["a CA without its key", ["pki", "leaf", "--cn", "x", "--ca", "a.pem"], /--ca and --ca-key go together/],
  [
    "a CA file that does not exist",
    ["pki", "leaf", "--cn", "x", "--ca", "a.pem", "--ca-key", "b.pem"],
    /--ca a.pem: there is no such file/,
  ],
  ["a common name that is too long", ["pki", "leaf", "--cn", "x".repeat(65)], /at most 64 characters/],
  ["a bundle without a password", ["pki", "p12", "--cp", "a", "--kp", "b", "--out", "c"], /needs a password/],
  ["a new root that is also the service's", ["pki", "root", "--cn", "x", "--service"], /cannot be used with/],
];

test.each(mistakes)("%s exits 2 and leaves no file", async (_, args, message) => {
  await using folder = await temporaryFolder();
  const { code, stderr } = await runHere(args, { cwd: folder.path });
  expect(stderr).toMatch(message);
  expect(code).toBe(2);
});

test("a file that is not a certificate is named as the mistake, without a stack trace", async () => {
  await using folder = await temporaryFolder();
  writeFileSync(join(folder.path, "a.pem"), "nonsense");
  const { code, stderr } = await runHere(["pki", "leaf", "--cn", "x", "--ca", "a.pem", "--ca-key", "a.pem"], {
    cwd: folder.path,
  });
  expect(stderr).toMatch(/^rollcall: a.pem with a.pem: .*certificate.*\n$/);
  expect(code).toBe(2);
});
