import { createHash, generateKeyPairSync, type KeyObject } from "node:crypto";
import { type Certificate, isIssuedBy, isProofOfPossession, judgePath, readCertificate } from "@rollcall/pki";
import { describe, expect, it } from "vitest";
import { extensions, type HandMade, handMade } from "./chains-vs-openssl.hand-made.js";
import { now } from "./chains-vs-openssl.rows.js";

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
const device = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
const code = "0A1B2C3D";

const certificateOf = (options: Partial<HandMade> & { readonly issuerKey: KeyObject }): Certificate =>
  readCertificate(handMade({ subject: code, key: device, issuer: "CA", ...options }));
const authority = (key: KeyObject) =>
  certificateOf({
    subject: "CA",
    key,
    issuerKey: key,
    extensions: [extensions.ca()],
    ...(key === rsa && { algorithm: "rsaSha384" as const }),
  });

describe("a CA is proved by a signature", () => {
  it.each([
    { algorithm: "rsaSha384", key: rsa, proves: true },
    { algorithm: "rsaPss", key: rsa, proves: true },
    { algorithm: "ecdsaSha256", key: ec, proves: true },
    { algorithm: "rsaMd5", key: rsa, proves: false },
    { algorithm: "rsaSha1", key: rsa, proves: false },
    { algorithm: "ecdsaSha1", key: ec, proves: false },
  ] as const)("with $algorithm: $proves", ({ algorithm, key, proves }) => {
    const [ca, verification] = [authority(key), certificateOf({ issuerKey: key, algorithm })];
    expect(isProofOfPossession({ ca, verification, code })).toBe(proves);
    expect(isIssuedBy(verification, ca)).toBe(proves);
    expect(judgePath({ path: [verification], anchor: ca, now }).map((problem) => problem.code)).toEqual(
      proves ? [] : ["weakSignature"],
    );
  });
});

describe("RSA with the exponent 3", () => {
  const three = generateKeyPairSync("rsa", { modulusLength: 3072, publicExponent: 3 }).privateKey;
  const ca = readCertificate(
    handMade({
      subject: "CA",
      key: three,
      issuer: "CA",
      issuerKey: three,
      algorithm: "rsaSha384",
      extensions: [extensions.ca()],
    }),
  );
  const genuine = handMade({ subject: code, key: device, issuer: "CA", issuerKey: three, algorithm: "rsaSha384" });
  const size = 384;

  it("signs as any other", () => expect(isIssuedBy(readCertificate(genuine), ca)).toBe(true));

  const info = (hash: Buffer) => Buffer.concat([Buffer.from("3041300d060960864801650304020205000430", "hex"), hash]);
  // Each puts what the attacker may choose somewhere else, so that a cube root fits (Bleichenbacher 2006, BERserk).
  const blocks = {
    "rubbish after the hash": (hash: Buffer) =>
      Buffer.concat([Buffer.from("0001ffffffffffffffff00", "hex"), info(hash)]),
    "no padding at all": (hash: Buffer) => Buffer.concat([Buffer.from("000100", "hex"), info(hash)]),
    "no parameters, rubbish after the hash": (hash: Buffer) =>
      Buffer.concat([
        Buffer.from("0001ffffffffffffffff00303f300b0609608648016503040202 0430".replaceAll(" ", ""), "hex"),
        hash,
      ]),
  };
  it.each(Object.entries(blocks))("is not forged with %s", (_, block) => {
    const tbs = readCertificate(genuine).tbs;
    const head = block(createHash("sha384").update(tbs).digest());
    const room = BigInt(8 * (size - head.length));
    const lowest = BigInt(`0x${head.toString("hex")}`) << room;
    const root = cubeRoot(lowest) + 1n;
    // The forgery is what it claims to be: its cube begins as a signature's block must.
    expect((root ** 3n) >> room).toBe(lowest >> room);
    const forged = Buffer.concat([
      genuine.subarray(0, -size),
      Buffer.from(root.toString(16).padStart(2 * size, "0"), "hex"),
    ]);
    expect(isIssuedBy(readCertificate(forged), ca)).toBe(false);
    expect(judgePath({ path: [readCertificate(forged)], anchor: ca, now }).map((each) => each.code)).toEqual([
      "signatureInvalid",
    ]);
  });
});

/** The largest number whose cube is not above `value`. */
function cubeRoot(value: bigint): bigint {
  let [low, high] = [0n, 1n << BigInt(Math.ceil(value.toString(2).length / 3) + 1)];
  while (low < high) {
    const middle = (low + high + 1n) >> 1n;
    if (middle ** 3n <= value) low = middle;
    else high = middle - 1n;
  }
  return low;
}
