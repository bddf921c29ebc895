import { constants, createPublicKey, type KeyObject, randomBytes, sign } from "node:crypto";

/** A certificate encoded by hand, for cases that our issuer cannot write. Dates are UTCTime text. */
export interface HandMade {
  /** A common name, or a whole name in DER. */
  readonly subject: string | Buffer;
  readonly key: KeyObject;
  readonly issuer: string | Buffer;
  readonly issuerKey: KeyObject;
  readonly version?: 1 | 3;
  readonly from?: string;
  readonly until?: string;
  readonly algorithm?: keyof typeof algorithms;
  /** DER of the extensions, one after the other; see `extension`. */
  readonly extensions?: readonly Buffer[];
  /** Tag of the string type of both names: 0x0c is UTF8String. */
  readonly stringTag?: number;
  /** Tag of the string type of the issuer's name, where it is another. */
  readonly issuerTag?: number;
}

/** One DER element. */
export function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  const head = length < 128 ? [tag, length] : [tag, 0x82, length >> 8, length & 255];
  // Lengths from 128 to 255 take one byte in DER.
  if (length >= 128 && length < 256) head.splice(1, 3, 0x81, length);
  return Buffer.concat([Buffer.from(head), content]);
}

const sha256 = Buffer.from("300d06096086480165030402010500", "hex");
const pssParameters = der(
  0x30,
  der(0xa0, sha256),
  der(0xa1, der(0x30, Buffer.from("06092a864886f70d010108", "hex"), sha256)),
  der(0xa2, Buffer.from("020120", "hex")),
);
const algorithms = {
  ecdsaSha256: { der: Buffer.from("300a06082a8648ce3d040302", "hex"), hash: "sha256" },
  ecdsaSha1: { der: Buffer.from("300906072a8648ce3d0401", "hex"), hash: "sha1" },
  ecdsaSha512: { der: Buffer.from("300a06082a8648ce3d040304", "hex"), hash: "sha512" },
  rsaSha1: { der: Buffer.from("300d06092a864886f70d0101050500", "hex"), hash: "sha1" },
  rsaSha384: { der: Buffer.from("300d06092a864886f70d01010c0500", "hex"), hash: "sha384" },
  rsaMd5: { der: Buffer.from("300d06092a864886f70d0101040500", "hex"), hash: "md5" },
  rsaPss: { der: der(0x30, Buffer.from("06092a864886f70d01010a", "hex"), pssParameters), hash: "sha256" },
  ed25519: { der: Buffer.from("300506032b6570", "hex"), hash: null },
} as const;

/** An extension by the hex of its object identifier. */
function extension(oidHex: string, critical: boolean, value: Buffer): Buffer {
  const flag = critical ? [Buffer.from("0101ff", "hex")] : [];
  return der(0x30, der(0x06, Buffer.from(oidHex, "hex")), ...flag, der(0x04, value));
}

export const extensions = {
  ca: (pathLength?: number) =>
    extension(
      "551d13",
      true,
      der(0x30, Buffer.from("0101ff", "hex"), ...(pathLength === undefined ? [] : [der(2, Buffer.from([pathLength]))])),
    ),
  subjectKeyId: (id: string, critical = false) => extension("551d0e", critical, der(0x04, Buffer.from(id))),
  authorityKeyId: (id: string) => extension("551d23", false, der(0x30, der(0x80, Buffer.from(id)))),
  netscapeType: (bits: number) => extension("6086480186f8420101", false, Buffer.from([3, 2, 0, bits])),
  keyUsage: (bits: number) => extension("551d0f", true, Buffer.from([3, 2, 0, bits])),
};

/** The certificate, DER. */
export function handMade(options: HandMade): Buffer {
  const { key, issuerKey, version = 3, extensions: list = [], stringTag = 0x0c } = options;
  const { der: algorithm, hash } = algorithms[options.algorithm ?? "ecdsaSha256"];
  const serial = Buffer.concat([Buffer.from([0x42]), randomBytes(7)]);
  const times = [options.from ?? "200101000000Z", options.until ?? "450101000000Z"];
  const tbs = der(
    0x30,
    ...(version === 3 ? [Buffer.from("a003020102", "hex")] : []),
    der(0x02, serial),
    algorithm,
    name(options.issuer, options.issuerTag ?? stringTag),
    der(0x30, ...times.map((time) => der(0x17, Buffer.from(time)))),
    name(options.subject, stringTag),
    createPublicKey(key).export({ type: "spki", format: "der" }),
    ...(list.length > 0 ? [der(0xa3, der(0x30, ...list))] : []),
  );
  const padding = options.algorithm === "rsaPss" ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } : {};
  const signature = sign(hash, tbs, { key: issuerKey, ...padding });
  return der(0x30, tbs, algorithm, der(0x03, Buffer.from([0]), signature));
}

/** A name with one common name in the string type of this tag; a name in DER stays. */
function name(commonName: string | Buffer, stringTag: number): Buffer {
  if (typeof commonName !== "string") return commonName;
  if (commonName === "") return der(0x30);
  const value = der(stringTag, encodings[stringTag]?.(commonName) ?? Buffer.from(commonName, "utf8"));
  return der(0x30, der(0x31, der(0x30, Buffer.from("0603550403", "hex"), value)));
}

const encodings: Readonly<Record<number, (text: string) => Buffer>> = {
  // T61String and IA5String are read as Latin-1, as OpenSSL reads them.
  20: (text) => Buffer.from(text, "latin1"),
  22: (text) => Buffer.from(text, "latin1"),
  28: (text) => Buffer.concat([...text].map((letter) => bytes4(letter.codePointAt(0) ?? 0))),
  30: (text) => Buffer.from(text, "utf16le").swap16(),
};

function bytes4(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
