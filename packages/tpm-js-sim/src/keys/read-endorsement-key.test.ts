import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tpmVectors } from "../../../../test/fixtures/tpm-vectors.js";
import { algorithms } from "../tables/algorithms.js";
import { type EndorsementKeyReading, isStorageKey, readEndorsementKey } from "./read-endorsement-key.js";

/** Both of one TPM (swtpm), as `tpm2_createek -G rsa -u` writes them: `-f tss`, its default, and `-f pem`. */
const field = (name: string) =>
  readFileSync(new URL(`../../../../test/fixtures/field-cases/endorsement-keys/${name}`, import.meta.url));
const [ek, pem] = [field("ek.pub"), field("ek.pem").toString()];
const publicKey = createPublicKey(pem);
const spki = publicKey.export({ type: "spki", format: "der" });

const read = (input: string | Uint8Array) => {
  const reading = readEndorsementKey(input);
  if (reading.kind === "refused") throw new Error(reading.reason);
  return reading;
};
const reasonOf = (input: string | Uint8Array) => {
  const reading: EndorsementKeyReading = readEndorsementKey(input);
  return reading.kind === "refused" ? reading.reason : `read, ${reading.notes.join(" ")}`;
};
const base64 = (bytes: Uint8Array | string) => Buffer.from(bytes).toString("base64");
const lines = (text: string) => text.replace(/.{64}/g, "$&\r\n");

describe("an endorsement key is taken as it is", () => {
  it.each<[string, string | Uint8Array]>([
    ["from the bytes that tpm2_createek writes", ek],
    ["from base64", base64(ek)],
    ["from a file of base64", Buffer.from(`${lines(base64(ek))}\r\n`)],
    ["from a file of base64 in UTF-16", Buffer.from(`\uFEFF${base64(ek)}\r\n`, "utf16le")],
    ["from base64 with line breaks, as base64 and mail programs write it", lines(base64(ek))],
    ["from base64 with a byte order mark and blanks around", `\uFEFF ${base64(ek)}\n`],
  ])("%s", (_, input) => {
    expect(read(input)).toMatchObject({ tpm2bPublic: ek, notes: [] });
  });
});

describe("an endorsement key is converted, and a note says so", () => {
  const standard = /^It was .*standard template.* exact for a key of that template only/;
  it.each<[string, string | Uint8Array, RegExp]>([
    ["from a TPMT_PUBLIC", base64(ek.subarray(2)), /^It was a TPMT_PUBLIC: its size was put before it/],
    ["from the bytes of a TPMT_PUBLIC", ek.subarray(2), /TPMT_PUBLIC/],
    ["from PEM of its public key, to the very bytes of the TPM", pem, standard],
    ["from SubjectPublicKeyInfo in base64", lines(base64(spki)), standard],
    ["from SubjectPublicKeyInfo in DER", spki, standard],
    ["from PKCS#1 in PEM", publicKey.export({ type: "pkcs1", format: "pem" }).toString(), standard],
    ["from PKCS#1 in DER", publicKey.export({ type: "pkcs1", format: "der" }), standard],
    ["from base64 of PEM", base64(pem), /once more than needed/],
    ["from base64 of base64", base64(base64(ek)), /once more than needed/],
    ["from hex", ek.toString("hex"), /^It was written in hex/],
  ])("%s", (_, input, note) => {
    const { tpm2bPublic, notes } = read(input);
    expect({ tpm2bPublic, note: notes[0] }).toEqual({ tpm2bPublic: ek, note: expect.stringMatching(note) });
  });

  it("from P-256, with the template of its kind", () => {
    const key = createPublicKey({
      key: generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "pkcs8", format: "pem" }),
      format: "pem",
    });
    const { publicArea, notes } = read(key.export({ type: "spki", format: "pem" }).toString());
    expect(publicArea).toMatchObject({ type: algorithms.ecc, objectAttributes: 0x000300b2 });
    expect(notes).toEqual([expect.stringContaining("L-2")]);
  });
});

describe("what is no endorsement key is named, with the command that gives it", () => {
  const rsa = (bits: number) => generateKeyPairSync("rsa", { modulusLength: bits });
  it.each<[string, () => string | Uint8Array, RegExp]>([
    [
      "a key of another size",
      () => rsa(3072).publicKey.export({ type: "spki", format: "pem" }).toString(),
      /^is a public key of another kind than RSA 2048/,
    ],
    [
      "a private key",
      () => rsa(2048).privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      /^is a private key, which no TPM gives away/,
    ],
    [
      "what tpm2_readpublic prints",
      () => "name: 000b40e0fe42\nqualified name: 000b81\n",
      /^is what tpm2_readpublic prints/,
    ],
    [
      "a context file",
      () => Buffer.from("badcc0de000000014000000b80000000", "hex"),
      /^is a context file of tpm2-tools/,
    ],
    ["a Name", () => `000b${"ab".repeat(32)}`, /^is the Name of a key/],
    ["a Name in base64", () => base64(Buffer.from(`000b${"ab".repeat(32)}`, "hex")), /^is the Name of a key/],
    ["a modulus", () => ek.subarray(-256), /^is the modulus of an RSA key alone/],
    ["an SSH key", () => "ssh-rsa AAAAB3Nza", /^is an SSH public key/],
    ["no base64", () => "###", /^is not base64/],
    ["base64 that is cut", () => base64(ek).slice(0, -2), /^is not base64/],
  ])("%s", (_, input, message) => {
    expect(reasonOf(input())).toMatch(message);
    expect(reasonOf(input())).toContain("tpm2_createek -G rsa -c ek.ctx -u ek.pub && base64 -w0 ek.pub");
  });

  it("a certificate is one of an endorsement key or not, by its usage", () => {
    const { tpm2bPublic, notes } = read(field("ek-certificate.pem").toString());
    expect({ tpm2bPublic, notes }).toEqual({
      tpm2bPublic: ek,
      notes: [expect.stringMatching(/^It was an EK certificate: /)],
    });
    expect(reasonOf(field("other-certificate.pem").toString())).toMatch(
      /^is a certificate, and not that of an endorsement key/,
    );
  });

  it("a key with a size that is wrong says so", () => {
    const longer = Buffer.concat([ek, Buffer.alloc(1)]);
    expect(reasonOf(longer)).toMatch(
      /^is not an endorsement key \(TPM2B_PUBLIC\): .*length prefix says 314 bytes, 315 follow/,
    );
  });

  it("16 KiB are looked at, one byte more is not", () => {
    expect(read(base64(ek).padEnd(16 * 1024, "\n")).tpm2bPublic).toEqual(ek);
    expect(reasonOf(base64(ek).padEnd(16 * 1024 + 1, "\n"))).toBe("has 16385 bytes, which no endorsement key has");
  });
});

describe("a storage root key", () => {
  it("is told from an endorsement key", () => {
    expect(isStorageKey(read(tpmVectors.rsa.srk.tpm2bPublicBase64).publicArea)).toBe(true);
    expect(isStorageKey(read(tpmVectors.rsa.ek.tpm2bPublicBase64).publicArea)).toBe(false);
  });

  it("is one with and without noDA; with a policy it is an endorsement key", () => {
    const { publicArea } = read(tpmVectors.rsa.srk.tpm2bPublicBase64);
    expect(isStorageKey({ ...publicArea, objectAttributes: 0x00030072 })).toBe(true);
    expect(isStorageKey({ ...publicArea, objectAttributes: 0x000300f2, authPolicy: Buffer.alloc(32) })).toBe(false);
  });
});

describe("any input", () => {
  it("is read or refused, and nothing is thrown", () => {
    const changed = fc
      .tuple(fc.constantFrom(ek, spki, ek.subarray(2)), fc.nat(), fc.nat(255), fc.nat())
      .map(([bytes, at, value, end]) => {
        const copy = Buffer.from(bytes.subarray(0, 1 + (end % (2 * bytes.length))));
        copy[at % copy.length] = value;
        return copy;
      });
    const any = fc.oneof(fc.string(), fc.uint8Array({ maxLength: 400 }), changed, changed.map(base64));
    fc.assert(
      fc.property(any, (input) => {
        expect(["read", "refused"]).toContain(readEndorsementKey(input).kind);
      }),
      { numRuns: 2000 },
    );
  });
});
