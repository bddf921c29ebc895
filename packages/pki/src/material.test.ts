import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CertificateError } from "./encoding/certificate-error.js";
import type { MaterialKind } from "./encoding/material.js";
import { OtherMaterialError } from "./encoding/other-material-error.js";
import { MAX_MATERIAL_BYTES, recognise } from "./encoding/recognise.js";
import { issueIntermediate, issueLeaf, issueRoot } from "./issue.js";
import { parseCertificates } from "./pem.js";
import { PassphraseError, readPrivateKey } from "./private-key.js";

const root = await issueRoot({ commonName: "Material root" });
const middle = await issueIntermediate({ commonName: "Material intermediate", parent: root });
const leaf = await issueLeaf({ commonName: "material-1", parent: middle, key: "rsa" });
const ec = await issueLeaf({ commonName: "material-2", parent: middle });

/** Made by OpenSSL and ssh-keygen themselves: how the field makes them. */
const recipes: Readonly<Record<string, string>> = {
  "leaf.der": "openssl x509 -in leaf.pem -outform DER -out leaf.der",
  "trusted.pem": "openssl x509 -in leaf.pem -trustout -out trusted.pem",
  "request.pem": "openssl req -new -key leaf.key -subj /CN=material-1 -out request.pem",
  "request.der": "openssl req -in request.pem -outform DER -out request.der",
  "list.pem": "touch index && echo 01 > number && openssl ca -gencrl -config ca.cnf -out list.pem",
  "list.der": "openssl crl -in list.pem -outform DER -out list.der",
  "chain.p7b": "openssl crl2pkcs7 -nocrl -certfile shuffled.pem -out chain.p7b",
  "chain.p7c": "openssl pkcs7 -in chain.p7b -outform DER -out chain.p7c",
  "bundle.p12": "openssl pkcs12 -export -in chain.pem -inkey leaf.key -passout pass:1234 -out bundle.p12",
  "pkcs1.key": "openssl rsa -in leaf.key -traditional -out pkcs1.key",
  "pkcs1.der": "openssl rsa -in leaf.key -traditional -outform DER -out pkcs1.der",
  "pkcs8.der": "openssl pkcs8 -topk8 -nocrypt -in ec.key -outform DER -out pkcs8.der",
  "sec1.key": "openssl ecparam -name prime256v1 -genkey -out sec1.key",
  "sec1.der": "openssl ec -in sec1.key -outform DER -out sec1.der",
  "encrypted.key": "openssl pkcs8 -topk8 -in leaf.key -passout pass:1234 -out encrypted.key",
  "encrypted.der": "openssl pkcs8 -topk8 -in ec.key -passout pass:1234 -outform DER -out encrypted.der",
  "legacy.key": "openssl rsa -in leaf.key -traditional -aes128 -passout pass:1234 -out legacy.key",
  "public.pem": "openssl pkey -in ec.key -pubout -out public.pem",
  "public.der": "openssl pkey -in ec.key -pubout -outform DER -out public.der",
  "public1.pem": "openssl rsa -in leaf.key -RSAPublicKey_out -out public1.pem",
  ssh: "ssh-keygen -q -t ed25519 -N '' -f ssh",
};

const folder = mkdtempSync(join(tmpdir(), "rollcall-material-"));
const at = (name: string): string => join(folder, name);
const file = (name: string): Buffer => readFileSync(at(name));
const shell = (line: string) => execFileSync("sh", ["-c", line], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });

beforeAll(() => {
  const texts = {
    "leaf.pem": leaf.certificatePem,
    "leaf.key": leaf.privateKeyPem,
    "ec.key": ec.privateKeyPem,
    "ca.pem": root.certificatePem,
    "ca.key.pem": root.privateKeyPem,
    "chain.pem": leaf.chainPem + root.certificatePem,
    "shuffled.pem": root.certificatePem + leaf.certificatePem + middle.certificatePem,
    "ca.cnf":
      "[ca]\ndefault_ca=d\n[d]\ndatabase=index\ncrlnumber=number\ncertificate=ca.pem\nprivate_key=ca.key.pem\ndefault_md=sha256\ndefault_crl_days=1\n",
  };
  for (const [name, text] of Object.entries(texts)) writeFileSync(at(name), text);
  for (const line of Object.values(recipes)) shell(line);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

const utf16 = (text: string, mark: boolean): Buffer => Buffer.from((mark ? "\uFEFF" : "") + text, "utf16le");
const bigEndian = (text: string, mark: boolean): Buffer => utf16(text, mark).swap16();

describe("certificates are read from", () => {
  const one: readonly (readonly [string, () => string | Buffer])[] = [
    ["DER", () => file("leaf.der")],
    ["UTF-16 with its mark, as Windows writes it", () => utf16(leaf.certificatePem, true)],
    ["UTF-16 without a mark", () => utf16(leaf.certificatePem, false)],
    ["UTF-16, big end first", () => bigEndian(leaf.certificatePem, true)],
    ["UTF-16, big end first, without a mark", () => bigEndian(leaf.certificatePem, false)],
    ["UTF-8 with a byte order mark", () => Buffer.from(`\uFEFF${leaf.certificatePem}`)],
    ["CRLF", () => leaf.certificatePem.replaceAll("\n", "\r\n")],
    ["base64 without armour", () => leaf.certificate.der.toString("base64")],
    ["base64 of a file in UTF-16", () => utf16(leaf.certificatePem, true).toString("base64")],
  ];
  it.each(one)("%s", (_, input) => {
    expect(parseCertificates(input())).toEqual([leaf.certificate.der]);
  });

  it.each(["chain.p7b", "chain.p7c"])("PKCS#7 (%s), leaf first whatever its order is", (name) => {
    expect(parseCertificates(file(name))).toEqual([leaf, middle, root].map(({ certificate }) => certificate.der));
  });
});

describe("what is another thing is named, with a command that works", () => {
  /** File → its kind, and whether the command gives a certificate that can be read. */
  const rows: readonly (readonly [string, MaterialKind, boolean])[] = [
    ["request.pem", "certificateRequest", true],
    ["request.der", "certificateRequest", true],
    ["list.pem", "crl", false],
    ["list.der", "crl", false],
    ["bundle.p12", "pkcs12", true],
    ["leaf.key", "privateKey", true],
    ["pkcs1.key", "privateKey", true],
    ["pkcs1.der", "privateKey", true],
    ["pkcs8.der", "privateKey", true],
    ["sec1.der", "privateKey", true],
    ["encrypted.key", "encryptedKey", true],
    ["encrypted.der", "encryptedKey", true],
    ["legacy.key", "encryptedKey", true],
    ["public.pem", "publicKey", true],
    ["public.der", "publicKey", true],
    ["public1.pem", "publicKey", true],
    ["ssh.pub", "sshPublicKey", false],
  ];
  it.each(rows)("where a certificate belongs: %s is %s", (name, kind, gives) => {
    const error = thrown(() => parseCertificates(file(name)));
    expect(error).toMatchObject({ kind, command: expect.any(String) });
    expect(error.message).toMatch(/^it is an? .+ and a certificate belongs here\. This command .+: .+$/);
    rmSync(at("certificate.pem"), { force: true });
    shell(withPassword(error.command ?? "", name));
    if (gives) expect(parseCertificates(file("certificate.pem")).length).toBeGreaterThan(0);
  });

  const keyRows: readonly (readonly [string, MaterialKind, boolean])[] = [
    ["leaf.pem", "certificate", false],
    ["leaf.der", "certificate", false],
    ["bundle.p12", "pkcs12", true],
  ];
  it.each(keyRows)("where a key belongs: %s is %s", (name, kind, gives) => {
    const error = thrown(() => readPrivateKey(file(name)));
    expect(error).toMatchObject({ kind, brief: expect.stringMatching(/a private key belongs here$/) });
    const out = shell(withPassword(error.command ?? "", name)).toString();
    if (gives) expect(readPrivateKey(file("key.pem")).asymmetricKeyType).toBe("rsa");
    else expect(out).toContain("PUBLIC KEY");
  });

  it("an SSH key becomes PEM, where its kind has a PEM form", () => {
    shell("ssh-keygen -q -t rsa -b 2048 -N '' -f ssh2 </dev/null");
    const error = thrown(() => readPrivateKey(file("ssh2")));
    expect(error.kind).toBe("sshPrivateKey");
    shell(`${fill(error.command ?? "", "ssh2")} -N '' -P ''`);
    expect(readPrivateKey(file("ssh2")).asymmetricKeyType).toBe("rsa");
  });

  it.each([
    ["thumbprint", leaf.certificate.sha256],
    ["thumbprint", leaf.certificate.sha1.replace(/..(?=.)/g, "$&:")],
    ["json", '{"certificate":"x"}'],
    ["html", "<!DOCTYPE html><html></html>"],
    ["puttyKey", "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none"],
    ["pgp", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nxx\n-----END PGP PUBLIC KEY BLOCK-----"],
  ] as const)("%s", (kind, text) => {
    expect(thrown(() => parseCertificates(text)).kind).toBe(kind);
  });

  it("PKCS#7 and PKCS#12 with indefinite lengths, which Java and Windows write", () => {
    const p7 = Buffer.from("308006092a864886f70d010702a0800000", "hex");
    expect(thrown(() => parseCertificates(p7)).kind).toBe("pkcs7");
    expect(thrown(() => parseCertificates(Buffer.from("30800201033080000000", "hex"))).kind).toBe("pkcs12");
  });
});

const fill = (command: string, name: string): string => command.replace("<file>", name);

/** Nobody types here: what asks for a password is given it. */
function withPassword(command: string, name: string): string {
  const filled = fill(command, name);
  return /p12|encrypted|legacy/.test(name) ? filled.replace(/^(openssl \w+)/, "$1 -passin pass:1234") : filled;
}

function thrown(read: () => unknown): OtherMaterialError {
  try {
    read();
  } catch (error) {
    if (error instanceof OtherMaterialError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("a private key is read from", () => {
  it.each(["leaf.key", "pkcs1.key", "pkcs1.der"])("%s", (name) => {
    expect(readPrivateKey(file(name)).export({ type: "pkcs8", format: "pem" })).toBe(leaf.privateKeyPem);
  });
  it.each(["pkcs8.der", "sec1.key", "sec1.der"])("%s", (name) => {
    expect(readPrivateKey(file(name)).asymmetricKeyDetails?.namedCurve).toBe("prime256v1");
  });
  it("a text in UTF-16", () => {
    const text = utf16(leaf.privateKeyPem, true);
    expect(readPrivateKey(text).export({ type: "pkcs8", format: "pem" })).toBe(leaf.privateKeyPem);
  });

  it.each(["encrypted.key", "encrypted.der", "legacy.key"])("%s with its passphrase, and with no other", (name) => {
    expect(readPrivateKey(file(name), "1234").type).toBe("private");
    expect(() => readPrivateKey(file(name))).toThrow(new PassphraseError(false));
    expect(() => readPrivateKey(file(name), "")).toThrow(new PassphraseError(false));
    expect(() => readPrivateKey(file(name), "1235")).toThrow(new PassphraseError(true));
  });

  it("damage with a sentence, not with OpenSSL's own error", () => {
    const damaged = leaf.privateKeyPem.replace(/\n.{64}\n/, "\n");
    expect(() => readPrivateKey(damaged)).toThrow(/^the private key is damaged/);
    expect(() => readPrivateKey("")).toThrow("the text is empty, and a private key belongs here");
  });
});

describe("any bytes", () => {
  const readers = [recognise, parseCertificates, (input: string | Uint8Array) => readPrivateKey(input, "1234")];
  const expectOwnErrors = (input: string | Uint8Array) => {
    for (const read of readers) {
      try {
        read(input);
      } catch (error) {
        expect(error).toBeInstanceOf(CertificateError);
        expect(String(error)).not.toMatch(/error:[0-9A-F]{8}|routines|ERR_OSSL/);
      }
    }
  };

  it("and texts are read or refused with an error of ours", () => {
    fc.assert(fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.string()), expectOwnErrors), {
      numRuns: 2000,
    });
  });

  it("that begin as something known, cut and changed anywhere", () => {
    const names = [
      "leaf.der",
      "chain.p7c",
      "chain.p7b",
      "bundle.p12",
      "pkcs8.der",
      "encrypted.der",
      "request.der",
      "list.der",
      "legacy.key",
      "ssh",
    ];
    const inputs = names.map(file);
    fc.assert(
      fc.property(fc.constantFrom(...inputs), fc.nat(), fc.nat(255), fc.nat(), (bytes, at, value, end) => {
        const changed = Buffer.from(bytes.subarray(0, 1 + (end % (2 * bytes.length))));
        changed[at % changed.length] = value;
        expectOwnErrors(changed);
        expectOwnErrors(changed.toString("base64"));
      }),
      { numRuns: 400 },
    );
  });

  it("are bounded: a mebibyte is read, one byte more is not", () => {
    const pad = (size: number) => leaf.certificatePem.padEnd(size, "\n");
    expect(parseCertificates(pad(MAX_MATERIAL_BYTES))).toHaveLength(1);
    expect(() => parseCertificates(pad(MAX_MATERIAL_BYTES + 1))).toThrow(/has 1048577 bytes/);
  });

  it("a thousand blocks are read, one more is not", () => {
    const blocks = (count: number) => "-----BEGIN EC PARAMETERS-----\n-----END EC PARAMETERS-----\n".repeat(count);
    expect(recognise(blocks(1000))).toHaveLength(1000);
    expect(() => recognise(blocks(1001))).toThrow("more than 1000 blocks");
  });
});
