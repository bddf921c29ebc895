import { generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";

/** Chains that cost a reader as much as they can; the bytes are made here, since no issuer writes them. Signatures are noise. */

function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  if (content.length < 128) return Buffer.concat([Buffer.from([tag, content.length]), content]);
  const hex = content.length.toString(16);
  const size = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
  return Buffer.concat([Buffer.from([tag, 0x80 | size.length]), size, content]);
}

const oid = (hex: string) => der(0x06, Buffer.from(hex, "hex"));
const ecdsa = der(0x30, oid("2a8648ce3d040302"));
const rsaSha256 = der(0x30, oid("2a864886f70d01010b"), Buffer.from("0500", "hex"));

/** A name with one common name. */
export const commonName = (text: string): Buffer =>
  der(0x30, der(0x31, der(0x30, oid("550403"), der(0x0c, Buffer.from(text)))));

/** One extension, not critical. */
const extension = (oidHex: string, value: Buffer): Buffer => der(0x30, oid(oidHex), der(0x04, value));
const caExtension = extension("551d13", der(0x30, Buffer.from("0101ff", "hex")));

interface Facts {
  readonly subject: Buffer;
  readonly issuer: Buffer;
  /** SubjectPublicKeyInfo. */
  readonly spki: Buffer;
  readonly extensions: readonly Buffer[];
  readonly algorithm?: Buffer;
}

function certificate({ subject, issuer, spki, extensions, algorithm = ecdsa }: Facts): Buffer {
  const times = ["200101000000Z", "450101000000Z"].map((time) => der(0x17, Buffer.from(time)));
  const tbs = der(
    0x30,
    Buffer.from("a003020102", "hex"),
    der(0x02, Buffer.concat([Buffer.from([0x42]), randomBytes(7)])),
    algorithm,
    issuer,
    der(0x30, ...times),
    subject,
    spki,
    der(0xa3, der(0x30, ...extensions)),
  );
  const signature = algorithm === ecdsa ? der(0x30, der(2, noise(32)), der(2, noise(32))) : noise(384);
  return der(0x30, tbs, algorithm, der(0x03, Buffer.from([0]), signature));
}

/** Random bytes that read as a positive number of this length. */
function noise(length: number): Buffer {
  const bytes = randomBytes(length);
  bytes[0] = 0x40 | ((bytes[0] ?? 0) & 0x3f);
  return bytes;
}

const odd = (bytes: Buffer): Buffer => {
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) | 1;
  return bytes;
};

/** An RSA key whose exponent is as long as its modulus: 3,072 bits, the most that OpenSSL takes. */
function dearKey(): Buffer {
  const key = der(0x30, der(2, odd(noise(384))), der(2, odd(noise(384))));
  return der(0x30, der(0x30, oid("2a864886f70d010101"), Buffer.from("0500", "hex")), der(3, Buffer.from([0]), key));
}

const spkiOf = (key: KeyObject): Buffer => key.export({ type: "spki", format: "der" });

/** The chain that a device presents, leaf first, and the leaf's private key, so that a handshake is possible. */
export interface HostileChain {
  readonly chain: readonly Buffer[];
  readonly key: KeyObject;
}

/** 3,300 names under a CA with 6,600 constraints, whose issuer is named like an enrolled root: 100 kB. */
export function manyConstraints(id: string, enrolledSubject: Buffer): HostileChain {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const host = (prefix: string, index: number) => Buffer.from(`${prefix}${index.toString(36)}.x`);
  const names = Array.from({ length: 3300 }, (_, index) => der(0x82, host("h", index)));
  const trees = Array.from({ length: 6600 }, (_, index) => der(0x30, der(0x82, host("n", index))));
  const spki = spkiOf(publicKey);
  const middle = commonName("Middle");
  const leaf = {
    subject: commonName(id),
    issuer: middle,
    spki,
    extensions: [extension("551d11", der(0x30, ...names))],
  };
  const constraints = extension("551d1e", der(0x30, der(0xa1, ...trees)));
  const ca = { subject: middle, issuer: enrolledSubject, spki, extensions: [caExtension, constraints] };
  return { chain: [certificate(leaf), certificate(ca)], key: privateKey };
}

/** A leaf and CA certificates with dear keys, each naming itself and its neighbours as issuer; the last one an enrolled root. */
export function dearKeys(id: string, enrolledSubject: Buffer, count = 5): HostileChain {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const algorithm = rsaSha256;
  const leaf = { subject: commonName(id), issuer: enrolledSubject, spki: spkiOf(publicKey), extensions: [], algorithm };
  const cas = Array.from({ length: count }, () =>
    certificate({
      subject: enrolledSubject,
      issuer: enrolledSubject,
      spki: dearKey(),
      extensions: [caExtension],
      algorithm,
    }),
  );
  return {
    chain: [certificate({ ...leaf, extensions: [extension("551d0e", der(0x04, noise(20)))] }), ...cas],
    key: privateKey,
  };
}

/** A leaf with 9,000 extended key usages under an enrolled name. */
export function manyUsages(id: string, enrolledSubject: Buffer): HostileChain {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const usages = Array.from({ length: 9000 }, (_, index) =>
    der(0x06, Buffer.from([0x2a, 0x03, 0x81, 0x80 | ((index >> 7) & 127), index & 127])),
  );
  const extensions = [extension("551d25", der(0x30, ...usages))];
  const leaf = { subject: commonName(id), issuer: enrolledSubject, spki: spkiOf(publicKey), extensions };
  return { chain: [certificate(leaf)], key: privateKey };
}
