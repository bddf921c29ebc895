import { describe, expect, test } from "vitest";
import { base64, hex, tpmVectors } from "../../../../test/fixtures/tpm-vectors.js";
import { parseTpm2bPublic } from "./credential.js";

const ek = base64(tpmVectors.rsa.ek.tpm2bPublicBase64);
const srk = base64(tpmVectors.rsa.srk.tpm2bPublicBase64);
const eccEk = base64(tpmVectors.eccExtension.ek.tpm2bPublicBase64);

/** The endorsement key with other bytes at an offset. */
function changed(offset: number, text: string): Buffer {
  const bytes = Buffer.from(ek);
  hex(text).copy(bytes, offset);
  return bytes;
}

describe("parseTpm2bPublic", () => {
  test.each([
    { title: "endorsement key", bytes: ek, name: tpmVectors.rsa.ek.name },
    { title: "storage root key", bytes: srk, name: tpmVectors.rsa.srk.name },
    { title: "endorsement key with exponent 65537", bytes: changed(54, "00010001"), name: undefined },
  ])("finds nothing wrong with the $title", ({ bytes, name }) => {
    const parsed = parseTpm2bPublic(bytes);
    expect(parsed).toMatchObject({ kind: "usable", problems: [] });
    const details = parsed.kind === "usable" ? parsed.keyObject.asymmetricKeyDetails : undefined;
    expect(details).toEqual({ modulusLength: 2048, publicExponent: 65537n });
    expect(parsed).toHaveProperty("name", name === undefined ? expect.any(Buffer) : hex(name));
  });

  test.each([
    { title: "nothing", bytes: Buffer.alloc(0), offset: 0, message: "0 bytes, too short for a TPM2B" },
    {
      title: "a shortened key",
      bytes: ek.subarray(0, 300),
      offset: 0,
      message: "the length prefix says 314 bytes, 298 follow",
    },
    {
      title: "a key without its prefix",
      bytes: ek.subarray(2),
      offset: 0,
      message: "the length prefix says 1 bytes, 312 follow",
    },
    { title: "text", bytes: Buffer.from("\0\x0ehello, world!!"), offset: 4, message: "not a public area: TPM_RC_TYPE" },
    {
      title: "an unknown cipher",
      bytes: changed(44, "0099"),
      offset: 46,
      message: "not a public area: TPM_RC_SYMMETRIC",
    },
  ])("says where it stopped reading: $title", ({ bytes, offset, message }) => {
    expect(parseTpm2bPublic(bytes)).toEqual({
      kind: "malformed",
      problems: [{ field: "TPM2B_PUBLIC", offset, message }],
    });
  });

  test.each([
    { title: "nameAlg SHA-1", bytes: changed(4, "0004"), field: "nameAlg", offset: 4 },
    { title: "not restricted", bytes: changed(6, "000200b2"), field: "objectAttributes", offset: 6 },
    { title: "not decrypt", bytes: changed(6, "000100b2"), field: "objectAttributes", offset: 6 },
    { title: "AES-256", bytes: changed(46, "0100"), field: "parameters.symmetric", offset: 44 },
    { title: "3072 bits", bytes: changed(52, "0c00"), field: "parameters.keyBits", offset: 52 },
    { title: "exponent 3", bytes: changed(54, "00000003"), field: "parameters.exponent", offset: 54 },
    { title: "an even modulus", bytes: changed(315, "00"), field: "unique", offset: 60 },
    { title: "P-256", bytes: eccEk, field: "type", offset: 2 },
  ])("names the field that is wrong: $title", ({ bytes, field, offset }) => {
    const parsed = parseTpm2bPublic(bytes);
    expect(parsed.kind).toBe("unsuitable");
    expect(parsed.problems).toEqual([{ field, offset, message: expect.any(String) }]);
  });

  test("lists every problem", () => {
    const parsed = parseTpm2bPublic(changed(4, "0004000400b2"));
    expect(parsed.problems.map(({ message }) => message)).toEqual([
      "0x0004, expected 0x000b (SHA-256)",
      "restricted must be set in 0x000400b2",
      "decrypt must be set in 0x000400b2",
      "sign must be clear in 0x000400b2",
    ]);
  });

  test("takes P-256 where the extension is on", () => {
    expect(parseTpm2bPublic(eccEk, { allowEcc: true })).toMatchObject({
      kind: "usable",
      name: hex(tpmVectors.eccExtension.ek.name),
    });
  });

  test("refuses a point that is not on the curve", () => {
    const bytes = Buffer.from(eccEk);
    bytes.fill(0x55, bytes.length - 32);
    expect(parseTpm2bPublic(bytes, { allowEcc: true })).toMatchObject({
      kind: "unsuitable",
      problems: [{ field: "unique" }],
    });
  });
});
