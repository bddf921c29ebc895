import { createHmac, createPrivateKey, createPublicKey, type KeyObject, randomBytes } from "node:crypto";
import type forgeModule from "node-forge";
import { type Certificate, readCertificate } from "./certificate.js";
import { CertificateError } from "./certificate-error.js";
import { tags } from "./der.js";
import { element, objectIdentifier, sequence } from "./der-writer.js";

type Forge = typeof forgeModule;

/** The content of a PKCS#12 bundle (`.pfx`, `.p12`). */
export interface Pkcs12Content {
  readonly privateKey: KeyObject;
  /** Leaf first. */
  readonly certificates: readonly Certificate[];
}

export interface Pkcs12Options extends Pkcs12Content {
  readonly password: string;
  /** The name under which key stores list it. */
  readonly friendlyName?: string;
}

/** RFC 7292 appendix D, RFC 2985. */
const oids = {
  data: "1.2.840.113549.1.7.1",
  shroudedKeyBag: "1.2.840.113549.1.12.10.1.2",
  certBag: "1.2.840.113549.1.12.10.1.3",
  x509Certificate: "1.2.840.113549.1.9.22.1",
  friendlyName: "1.2.840.113549.1.9.20",
  localKeyId: "1.2.840.113549.1.9.21",
  sha256: "2.16.840.1.101.3.4.2.1",
} as const;

/** RFC 7292 appendix B.3: the purpose of a derived key that makes a MAC. */
const macPurpose = 3;
const macRounds = 2048;

/**
 * Makes a PKCS#12 bundle: the key encrypted with AES-256 (PBES2), a SHA-256 MAC, the certificates in the clear.
 * node-forge itself can only bundle RSA keys. It is used to derive the MAC key and to read bundles; the container,
 * which does not depend on the key type, is written here, so that EC keys work too. OpenSSL 1.1 and later, .NET and
 * Java can read the bundle.
 * Throws CertificateError without a certificate, or on a password that is not ASCII.
 */
export async function writePkcs12(options: Pkcs12Options): Promise<Buffer> {
  const { certificates, privateKey, password, friendlyName } = options;
  const [leaf] = certificates;
  if (!leaf) throw new CertificateError("a PKCS#12 bundle needs a certificate");
  checkPassword(password);
  const forge = await loadForge();
  const keyAttributes = attributes(Buffer.from(leaf.sha1, "hex"), friendlyName);
  const encrypted = privateKey.export({ type: "pkcs8", format: "der", cipher: "aes-256-cbc", passphrase: password });
  const keyBag = bag(oids.shroudedKeyBag, encrypted, keyAttributes);
  const certBags = certificates.map((certificate) =>
    bag(oids.certBag, certificateValue(certificate), certificate === leaf ? keyAttributes : undefined),
  );
  const safe = sequence(dataContent(sequence(...certBags)), dataContent(sequence(keyBag)));
  const version = element(tags.integer, Buffer.from([3]));
  return sequence(version, dataContent(safe), macData(forge, safe, password));
}

/**
 * Reads a PKCS#12 bundle, RSA or EC, also with old ciphers. The certificate of the key comes first.
 * Throws CertificateError when the bytes are not a bundle, the password is wrong or not ASCII, or the bundle holds no
 * key or no certificate.
 */
export async function readPkcs12(bytes: Uint8Array, password: string): Promise<Pkcs12Content> {
  checkPassword(password);
  const forge = await loadForge();
  const bags = readBags(forge, bytes, password);
  const certificates = bags
    .filter(({ type }) => type === forge.pki.oids["certBag"])
    .map((found) => readCertificate(derOf(forge, found.cert ? forge.pki.certificateToAsn1(found.cert) : found.asn1)));
  const keyTypes = [forge.pki.oids["keyBag"], forge.pki.oids["pkcs8ShroudedKeyBag"]];
  const keyBag = bags.find(({ type }) => keyTypes.includes(type));
  if (!keyBag) throw new CertificateError("the PKCS#12 bundle holds no private key");
  if (certificates.length === 0) throw new CertificateError("the PKCS#12 bundle has no certificate");
  const privateKey = readKey(forge, keyBag);
  return { privateKey, certificates: ownCertificateFirst(certificates, privateKey) };
}

/**
 * Only ASCII is allowed: the two halves of a bundle encode other characters differently, and node-forge has only one of
 * the two encodings.
 */
function checkPassword(password: string): void {
  if (!/^[\x20-\x7e]*$/.test(password)) throw new CertificateError("the password of a PKCS#12 bundle must be ASCII");
}

async function loadForge(): Promise<Forge> {
  return (await import("node-forge")).default;
}

function readBags(forge: Forge, bytes: Uint8Array, password: string): forgeModule.pkcs12.Bag[] {
  try {
    const asn1 = forge.asn1.fromDer(Buffer.from(bytes).toString("latin1"));
    return forge.pkcs12.pkcs12FromAsn1(asn1, false, password).safeContents.flatMap(({ safeBags }) => safeBags);
  } catch (cause) {
    const wrongPassword = cause instanceof Error && /MAC|password/i.test(cause.message);
    const complaint = wrongPassword
      ? "the password of the PKCS#12 bundle is wrong"
      : "the bytes are not a PKCS#12 bundle";
    throw new CertificateError(complaint, { cause });
  }
}

/** Reads the private key. forge has decoded an RSA key already, and leaves other keys as they are. */
function readKey(forge: Forge, found: forgeModule.pkcs12.Bag): KeyObject {
  const asn1 = found.key ? forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(found.key)) : found.asn1;
  try {
    return createPrivateKey({ key: derOf(forge, asn1), format: "der", type: "pkcs8" });
  } catch (cause) {
    throw new CertificateError("the private key in the PKCS#12 bundle is not readable", { cause });
  }
}

function ownCertificateFirst(certificates: readonly Certificate[], privateKey: KeyObject): Certificate[] {
  const spki = publicHalf(privateKey);
  return [...certificates].sort((a, b) => Number(b.spki.equals(spki)) - Number(a.spki.equals(spki)));
}

function publicHalf(privateKey: KeyObject): Buffer {
  return createPublicKey(privateKey).export({ type: "spki", format: "der" });
}

function derOf(forge: Forge, asn1: forgeModule.asn1.Asn1): Buffer {
  return Buffer.from(forge.asn1.toDer(asn1).getBytes(), "latin1");
}

function explicit(content: Uint8Array): Buffer {
  return element(0xa0, content);
}

function dataContent(content: Buffer): Buffer {
  return sequence(objectIdentifier(oids.data), explicit(element(tags.octetString, content)));
}

function bag(type: string, value: Buffer, bagAttributes?: Buffer): Buffer {
  return sequence(objectIdentifier(type), explicit(value), ...(bagAttributes ? [bagAttributes] : []));
}

function certificateValue(certificate: Certificate): Buffer {
  return sequence(objectIdentifier(oids.x509Certificate), explicit(element(tags.octetString, certificate.der)));
}

/** The same key id on a key and a certificate says that they belong together. */
function attributes(localKeyId: Buffer, friendlyName?: string): Buffer {
  const list = [attribute(oids.localKeyId, element(tags.octetString, localKeyId))];
  if (friendlyName) {
    list.push(attribute(oids.friendlyName, element(tags.bmpString, Buffer.from(friendlyName, "utf16le").swap16())));
  }
  return element(tags.set, ...list);
}

function attribute(type: string, value: Buffer): Buffer {
  return sequence(objectIdentifier(type), element(tags.set, value));
}

function macData(forge: Forge, content: Buffer, password: string): Buffer {
  const salt = randomBytes(16);
  const forgeSalt = forge.util.createBuffer(salt.toString("latin1"));
  const key = forge.pkcs12.generateKey(password, forgeSalt, macPurpose, macRounds, 32, forge.md.sha256.create());
  const digest = createHmac("sha256", Buffer.from(key.getBytes(), "latin1")).update(content).digest();
  const algorithm = sequence(objectIdentifier(oids.sha256), element(tags.null));
  const rounds = Buffer.alloc(2);
  rounds.writeUInt16BE(macRounds);
  return sequence(
    sequence(algorithm, element(tags.octetString, digest)),
    element(tags.octetString, salt),
    element(tags.integer, rounds),
  );
}
