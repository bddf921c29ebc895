import { createHash, createPublicKey, type KeyObject } from "node:crypto";
import { CertificateError } from "./certificate-error.js";
import { DerReader, tags } from "./der.js";
import { attributeValue, foldedName, nameText, type RelativeNames, readName } from "./distinguished-name.js";
import { type Extensions, readExtensions } from "./extensions.js";
import type { GeneralName } from "./general-name.js";
import { commonNameOid, type KeyUsage, signatureAlgorithms } from "./oids.js";
import { type PublicKeyInfo, readPublicKeyInfo } from "./public-key-info.js";
import { readValidity } from "./validity.js";

/** A signature algorithm as the certificate names it: the identifier, and its parameters undecoded. */
export interface SignatureAlgorithm {
  readonly oid: string;
  readonly parameters?: Buffer;
}

interface Parts {
  readonly der: Buffer;
  readonly tbs: Buffer;
  readonly signature: Buffer;
  readonly algorithm: SignatureAlgorithm;
  readonly version: number;
  readonly serial: Buffer;
  readonly issuer: { readonly raw: Buffer; readonly names: RelativeNames };
  readonly subject: { readonly raw: Buffer; readonly names: RelativeNames };
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly spki: Buffer;
  readonly key: PublicKeyInfo;
  readonly extensions: Extensions;
}

/** A certificate as it is encoded; nothing in it is judged. Made by {@link readCertificate} only. */
export class Certificate {
  readonly der: Buffer;
  /** The signed part (TBSCertificate), and its signature. */
  readonly tbs: Buffer;
  readonly signature: Buffer;
  readonly algorithm: SignatureAlgorithm;
  /** 1, 2 or 3. */
  readonly version: number;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Distinguished names as encoded. */
  readonly subjectRaw: Buffer;
  readonly issuerRaw: Buffer;
  readonly subjectNames: RelativeNames;
  readonly issuerNames: RelativeNames;
  readonly serialRaw: Buffer;
  readonly extensions: Extensions;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Buffer;
  readonly keyInfo: PublicKeyInfo;
  /**
   * Results of signature checks by signer: a cached intermediate is checked against a cached root once, not once per
   * device.
   */
  readonly #signers = new WeakMap<Certificate, boolean>();
  #publicKey: KeyObject | undefined;
  #sha256: string | undefined;
  #foldedIssuer: string | undefined;
  #foldedSubject: string | undefined;
  #subject: string | undefined;
  #issuer: string | undefined;

  constructor(parts: Parts) {
    this.der = parts.der;
    this.tbs = parts.tbs;
    this.signature = parts.signature;
    this.algorithm = parts.algorithm;
    this.version = parts.version;
    this.notBefore = parts.notBefore;
    this.notAfter = parts.notAfter;
    this.subjectRaw = parts.subject.raw;
    this.issuerRaw = parts.issuer.raw;
    this.subjectNames = parts.subject.names;
    this.issuerNames = parts.issuer.names;
    this.serialRaw = parts.serial;
    this.extensions = parts.extensions;
    this.spki = parts.spki;
    this.keyInfo = parts.key;
  }

  /** Thumbprint of the DER: 64 upper-case hex digits. */
  get sha256(): string {
    this.#sha256 ??= upperHex("sha256", this.der);
    return this.#sha256;
  }

  /** Thumbprint of the DER: 40 upper-case hex digits. */
  get sha1(): string {
    return upperHex("sha1", this.der);
  }

  /** Hash of the SubjectPublicKeyInfo, upper-case hex: equal for two certificates of one key. */
  get publicKeySha256(): string {
    return upperHex("sha256", this.spki);
  }

  /** Such as `CN=pump-0042, O=Contoso`; empty when the subject is. */
  get subject(): string {
    this.#subject ??= nameText(this.subjectNames);
    return this.#subject;
  }

  get issuer(): string {
    this.#issuer ??= nameText(this.issuerNames);
    return this.#issuer;
  }

  /** The most specific CN of the subject. */
  get commonName(): string | undefined {
    return attributeValue(this.subjectNames, commonNameOid);
  }

  /** Upper-case hex, an even number of digits, such as `0A12`. */
  get serialNumber(): string {
    return serialText(this.serialRaw);
  }

  /** Whether basic constraints say that it is a CA. judgePath decides whether a path may use it as a CA. */
  get isCa(): boolean {
    return this.extensions.basicConstraints?.ca ?? false;
  }

  get pathLength(): number | undefined {
    return this.extensions.basicConstraints?.pathLength;
  }

  get keyUsage(): readonly KeyUsage[] | undefined {
    return this.extensions.keyUsage;
  }

  /** Object identifiers. */
  get extendedKeyUsage(): readonly string[] | undefined {
    return this.extensions.extendedKeyUsage;
  }

  get subjectAltNames(): readonly GeneralName[] {
    return this.extensions.subjectAltNames ?? [];
  }

  /** Upper-case hex. */
  get subjectKeyId(): string | undefined {
    return this.extensions.subjectKeyId?.toString("hex").toUpperCase();
  }

  /** Upper-case hex. */
  get authorityKeyId(): string | undefined {
    return this.extensions.authorityKey?.keyId?.toString("hex").toUpperCase();
  }

  /** Critical extensions that this package does not understand, by object identifier. */
  get unknownCritical(): readonly string[] {
    return this.extensions.unknownCritical;
  }

  /** Such as `ecdsaWithSHA256`; the object identifier when unknown. */
  get signatureAlgorithm(): string {
    return signatureAlgorithms[this.algorithm.oid]?.name ?? this.algorithm.oid;
  }

  /** Such as `EC P-256` or `RSA 2048`. */
  get keyDescription(): string {
    return this.keyInfo.description;
  }

  /** Whether subject and issuer are the same name: a root, or a CA that changed its key. */
  get isSelfIssued(): boolean {
    return this.hasIssuerNamed(this);
  }

  /**
   * Whether our issuer is the other's subject. Equal bytes nearly always decide; otherwise the names are compared
   * regardless of their encoding.
   */
  hasIssuerNamed(other: Certificate): boolean {
    if (this.issuerRaw.equals(other.subjectRaw)) return true;
    this.#foldedIssuer ??= foldedName(this.issuerNames);
    other.#foldedSubject ??= foldedName(other.subjectNames);
    return this.#foldedIssuer === other.#foldedSubject;
  }

  /** The public key; imported at the first call (100 us), then kept. Throws CertificateError when it is not a usable key. */
  get publicKey(): KeyObject {
    try {
      this.#publicKey ??= createPublicKey({ key: this.spki, format: "der", type: "spki" });
      return this.#publicKey;
    } catch (cause) {
      throw new CertificateError(`the public key of ${this.subject || "a certificate without a subject"} is unusable`, {
        cause,
      });
    }
  }

  /** The remembered result of the signature check with this signer's key; undefined before the first. */
  knownSigner(signer: Certificate): boolean | undefined {
    return this.#signers.get(signer);
  }

  /** Keeps the result of the signature check with this signer's key. */
  rememberSigner(signer: Certificate, verifies: boolean): boolean {
    this.#signers.set(signer, verifies);
    return verifies;
  }
}

/**
 * Reads one certificate (RFC 5280 section 4.1), DER and nothing after it. Copies the bytes.
 * Throws CertificateError, and nothing else, whatever the bytes are.
 */
export function readCertificate(der: Uint8Array): Certificate {
  const bytes = Buffer.from(der);
  const outer = new DerReader(bytes, "certificate");
  const sequence = outer.enter(tags.sequence);
  outer.finish();
  const tbsElement = sequence.read(tags.sequence);
  const tbs = sequence.inside(tbsElement);
  const algorithm = readAlgorithm(sequence);
  const signature = sequence.bitStringBytes();
  sequence.finish();

  const version = tbs.peek() === 0xa0 ? readVersion(tbs.enter(0xa0)) : 1;
  const serial = tbs.integer();
  if (!sameAlgorithm(readAlgorithm(tbs), algorithm)) throw tbs.error("names two different signature algorithms");
  const issuer = readNamed(tbs);
  const validity = readValidity(tbs.enter(tags.sequence));
  const subject = readNamed(tbs);
  const spki = tbs.read(tags.sequence);
  const key = readPublicKeyInfo(tbs.inside(spki));
  // Unique identifiers (RFC 5280 section 4.1.2.8) are obsolete; they are skipped.
  if (tbs.peek() === 0x81) tbs.bits(0x81);
  if (tbs.peek() === 0x82) tbs.bits(0x82);
  const extensions = readOptionalExtensions(tbs, version);
  tbs.finish();
  return new Certificate({
    der: bytes,
    tbs: sequence.whole(tbsElement),
    signature,
    algorithm,
    version,
    serial,
    issuer,
    ...validity,
    subject,
    spki: tbs.whole(spki),
    key,
    extensions,
  });
}

function readNamed(tbs: DerReader): { raw: Buffer; names: RelativeNames } {
  const element = tbs.read(tags.sequence);
  return { raw: tbs.whole(element), names: readName(tbs.inside(element)) };
}

function readVersion(reader: DerReader): number {
  const version = reader.smallInteger() + 1;
  reader.finish();
  if (version > 3) throw reader.error(`has version ${version}`);
  return version;
}

function readAlgorithm(reader: DerReader): SignatureAlgorithm {
  const sequence = reader.enter(tags.sequence);
  const oid = sequence.oid();
  if (sequence.done) return { oid };
  const parameters = sequence.whole(sequence.next());
  sequence.finish();
  return { oid, parameters };
}

function sameAlgorithm(a: SignatureAlgorithm, b: SignatureAlgorithm): boolean {
  if (a.oid !== b.oid) return false;
  if (!a.parameters || !b.parameters) return a.parameters === b.parameters;
  return a.parameters.equals(b.parameters);
}

function readOptionalExtensions(tbs: DerReader, version: number): Extensions {
  if (tbs.peek() !== 0xa3) return { unknownCritical: [] };
  if (version !== 3) throw tbs.error(`has extensions in version ${version}`);
  const wrapper = tbs.enter(0xa3);
  const extensions = readExtensions(wrapper.enter(tags.sequence));
  wrapper.finish();
  return extensions;
}

function serialText(content: Buffer): string {
  const negative = (content[0] ?? 0) >= 0x80;
  const value = BigInt(`0x${content.toString("hex")}`);
  const magnitude = negative ? (1n << BigInt(content.length * 8)) - value : value;
  const digits = magnitude.toString(16).toUpperCase();
  return `${negative ? "-" : ""}${digits.length % 2 === 0 || magnitude === 0n ? digits : `0${digits}`}`;
}

function upperHex(hash: "sha256" | "sha1", bytes: Buffer): string {
  return createHash(hash).update(bytes).digest("hex").toUpperCase();
}
