import {
  constants,
  createECDH,
  createHash,
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  privateDecrypt,
  publicDecrypt,
  publicEncrypt,
  randomBytes,
  sign,
  verify,
} from "node:crypto";
import { describe, expect, test } from "vitest";
import { curveOf, type EccPoint, padded, pointOf, sharedPoint } from "./crypto/ecc.js";
import { pssEncode, pssMatches } from "./crypto/rsa-pss.js";
import { runningHash, runningHmac } from "./crypto/running-hash.js";
import { secretOf } from "./keys/private-key-bytes.js";
import { rsaDecrypt, rsaEncrypt } from "./keys/rsa-encryption.js";
import { eccSrkTemplate } from "./keys/templates.js";
import { readWire } from "./server/simulator-wire.js";
import { algorithms, curves } from "./tables/algorithms.js";
import { eccCurves } from "./tables/ecc-curves.js";
import { createTpm } from "./virtual-tpm.js";
import { parameter } from "./wire/tpm-error.js";

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const { sha256, sha384, sha512, oaep, rsaes } = algorithms;
const text = Buffer.from("text");
const nothing = Buffer.alloc(0);

describe("RSA-PSS", () => {
  test.each([
    { node: "sha256", hashAlg: sha256 },
    { node: "sha384", hashAlg: sha384 },
    { node: "sha512", hashAlg: sha512 },
  ])("$node: ours is node's with a salt as long as the digest; node's, of any salt, is ours", ({ node, hashAlg }) => {
    const hash = createHash(node).update(text).digest();
    const padding = constants.RSA_NO_PADDING;
    const ours = privateDecrypt({ key: privateKey, padding }, pssEncode(hashAlg, hash, randomBytes));
    const pss = { key: publicKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: hash.length };
    expect(verify(node, text, pss, ours)).toBe(true);
    for (const saltLength of [0, hash.length, constants.RSA_PSS_SALTLEN_MAX_SIGN]) {
      const theirs = sign(node, text, { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });
      const block = publicDecrypt({ key: publicKey, padding }, theirs);
      expect(pssMatches(hashAlg, hash, block)).toBe(true);
      expect(pssMatches(hashAlg, Buffer.alloc(hash.length), block)).toBe(false);
      expect(pssMatches(hashAlg, hash, Buffer.from(block.map((byte, at) => (at === 100 ? byte ^ 1 : byte))))).toBe(
        false,
      );
    }
  });
});

describe("RSA encryption", () => {
  test.each([
    { title: "RSAES", scheme: { scheme: rsaes }, label: nothing, node: { padding: constants.RSA_PKCS1_PADDING } },
    {
      title: "OAEP with a label",
      scheme: { scheme: oaep, hashAlg: sha256 },
      label: Buffer.from("label\0"),
      node: { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256", oaepLabel: Buffer.from("label\0") },
    },
  ] as const)("$title: node's opens here, ours opens here, a changed one does not", ({ scheme, label, node }) => {
    const opened = (encrypted: Buffer) => rsaDecrypt({ key: privateKey, scheme, label }, encrypted);
    expect(opened(publicEncrypt({ key: publicKey, ...node }, text))).toEqual(text);
    const ours = rsaEncrypt({ key: publicKey, scheme, label }, text, randomBytes);
    expect(opened(ours)).toEqual(text);
    expect(() => opened(ours.subarray(1))).toThrow("TPM_RC_SIZE");
    const other = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
    expect(() => rsaDecrypt({ key: other, scheme, label: Buffer.from("x\0") }, Buffer.alloc(256))).toThrow(
      "TPM_RC_VALUE",
    );
  });

  test("without a scheme: plain numbers, with any leading zeros", () => {
    const raw = { scheme: { scheme: algorithms.null }, label: nothing };
    const encrypted = rsaEncrypt({ key: publicKey, ...raw }, Buffer.concat([Buffer.alloc(10), text]), randomBytes);
    const opened = rsaDecrypt({ key: privateKey, ...raw }, encrypted);
    expect(opened).toEqual(Buffer.concat([Buffer.alloc(252), text]));
    expect(() => rsaEncrypt({ key: publicKey, ...raw }, Buffer.alloc(256, 0xff), randomBytes)).toThrow("TPM_RC_VALUE");
  });
});

test.each([...eccCurves.values()])("ECDH on $jwk: node's x, and a y on the curve", (curve) => {
  const [mine, theirs] = [createECDH(curve.node), createECDH(curve.node)];
  mine.generateKeys();
  theirs.generateKeys();
  const bytes = theirs.getPublicKey();
  const point = { x: bytes.subarray(1, 1 + curve.size), y: bytes.subarray(1 + curve.size) };
  const shared = sharedPoint(curve, mine.getPrivateKey(), point);
  expect(shared.x).toEqual(mine.computeSecret(bytes));
  const [x, y] = [shared.x.toString("base64url"), shared.y.toString("base64url")];
  // node refuses a point off the curve.
  expect(createPublicKey({ key: { kty: "EC", crv: curve.jwk, x, y }, format: "jwk" }).asymmetricKeyType).toBe("ec");
  expect(() => sharedPoint(curve, mine.getPrivateKey(), { x: point.x, y: point.x })).toThrow("TPM_RC_ECC_POINT");
  expect(pointOf(curve, theirs.getPrivateKey())).toEqual(point);
});

test("a copy of a hash or an HMAC is independent of the original", () => {
  for (const key of [randomBytes(20), randomBytes(200)]) {
    const mac = runningHmac(sha256, key);
    mac.update(text);
    const copy = mac.copy();
    copy.update(text);
    expect(mac.digest()).toEqual(createHmac("sha256", key).update(text).digest());
    expect(copy.digest()).toEqual(createHmac("sha256", key).update("texttext").digest());
  }
  const hash = runningHash(sha384);
  const copy = hash.copy();
  hash.update(text);
  expect(hash.digest()).toEqual(createHash("sha384").update(text).digest());
  expect(copy.digest()).toEqual(createHash("sha384").digest());
});

test("a sequence's context restores the saved state any number of times, but not after a power cycle", () => {
  const tpm = createTpm({ seed: "sequences" });
  const send = (command: string) => tpm.send(Buffer.from(command, "hex")).toString("hex");
  const code = (response: string) => response.slice(12, 20);
  expect(code(send("80010000000e000001860000000b"))).toBe("00000000");
  const saved = send("80010000000e0000016280000000");
  expect(code(saved)).toBe("00000000");
  const context = saved.slice(20);
  const load = `8001${(10 + context.length / 2).toString(16).padStart(8, "0")}00000161${context}`;
  const complete = () => send("8002000000250000013e800000000000000940000009000001000000047465787440000007");
  const expected = createHash("sha256").update(text).digest("hex");
  expect(complete()).toContain(expected);
  for (let time = 0; time < 2; time += 1) {
    expect(send(load)).toBe("80010000000e0000000080000000");
    expect(complete()).toContain(expected);
  }
  tpm.powerOff();
  tpm.powerOn();
  expect(code(send("80010000000c000001440000"))).toBe("00000000");
  expect(code(send(load))).toBe("000001df");
});

test("a command without a frame is read only when it is complete", () => {
  const command = Buffer.from("80010000000c0000017b0008", "hex");
  const two = Buffer.concat([command, command]);
  expect(readWire("command", command.subarray(0, 11))).toBeUndefined();
  expect(readWire("command", two)).toEqual({ length: 12, action: { do: "command", command, bare: true } });
  expect(readWire("command", Buffer.from("8001ffffffff", "hex"))).toEqual({ length: 6, action: { do: "close" } });
  expect(readWire("resourceManager", command)).toMatchObject({ action: { do: "close" } });
});

test("counters' highest value and hierarchies' policies outlive the process", () => {
  const tpm = createTpm({ seed: "kept" });
  const send = (to: typeof tpm, command: string) => to.send(Buffer.from(command, "hex")).toString("hex").slice(12);
  const password = "00000009400000090000010000";
  const define = `80020000002d0000012a40000001${password}0000000e01500001000b0006001600000008`;
  const increment = `80020000001f000001340150000101500001${password}`;
  const undefine = `80020000001f000001224000000101500001${password}`;
  const policy = `80020000003f0000012e40000001${password}0020${"11".repeat(32)}000b`;
  for (const command of [define, increment, increment, undefine, policy]) {
    expect(send(tpm, command)).toMatch(/^00000000/);
  }
  const again = createTpm({ state: JSON.parse(JSON.stringify(tpm.snapshot())) });
  for (const command of [define, increment]) expect(send(again, command)).toMatch(/^00000000/);
  const read = `8002000000230000014e0150000101500001${password}00080000`;
  expect(send(again, read)).toContain("0000000000000003");
  expect(send(again, "8001000000160000017a000000094000000100000001")).toContain(`40000001000b${"11".repeat(32)}`);
});

test("an ECC key's numbers may lack leading zeros; a scalar must be in range", () => {
  const curve = curveOf(curves.nistP256);
  const blame = { public: parameter(2), sensitive: parameter(1) };
  const template = eccSrkTemplate;
  if (template.type !== algorithms.ecc) throw new Error("no ECC template");
  const secretFor = (scalar: Buffer, unique: EccPoint) => {
    const sensitive = { sensitiveType: algorithms.ecc, authValue: nothing, seedValue: nothing, sensitive: scalar };
    return secretOf({ ...template, unique }, sensitive, blame);
  };
  // A point whose x begins with a zero: one in 256 does.
  let [scalar, point] = [1, pointOf(curve, padded(Buffer.of(1), curve))];
  while (point.x[0] !== 0) {
    scalar += 1;
    point = pointOf(curve, padded(Buffer.from([scalar >> 8, scalar & 0xff]), curve));
  }
  const short = Buffer.from([scalar >> 8, scalar & 0xff]);
  const expected = { kind: "ecc", scalar: padded(short, curve) };
  expect(secretFor(short, { ...point, x: point.x.subarray(1) })).toEqual(expected);
  expect(secretFor(padded(short, curve), point)).toEqual(expected);
  expect(() => secretFor(Buffer.of(1), point)).toThrow("TPM_RC_BINDING");
  for (const bad of [nothing, Buffer.alloc(32), Buffer.alloc(32, 0xff), Buffer.alloc(33, 1)]) {
    expect(() => secretFor(bad, point)).toThrow("TPM_RC_KEY_SIZE");
  }
});
