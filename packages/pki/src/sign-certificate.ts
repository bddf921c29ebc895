// @peculiar/x509 registers its parts with decorators, which need this import first.
import "reflect-metadata";
import { createHash, createPublicKey, type KeyObject, type webcrypto } from "node:crypto";
import { p256 } from "@noble/curves/nist.js";
import { Crypto } from "@peculiar/webcrypto";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  Extension,
  KeyUsagesExtension,
  Name,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";
import type { Certificate } from "./certificate.js";
import { CertificateError } from "./encoding/certificate-error.js";
import { DerReader, tags } from "./encoding/der.js";
import { commonNameDer } from "./encoding/der-writer.js";
import { type KeyUsage, keyUsageNames } from "./oids.js";

export interface SubjectName {
  readonly type: "dns" | "ip";
  readonly value: string;
}

/** Everything that goes into a certificate. */
export interface Template {
  readonly commonName: string;
  readonly privateKey: KeyObject;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly serial: Buffer;
  /** Absent: self-signed. */
  readonly issuer?: { readonly certificate: Certificate; readonly privateKey: KeyObject };
  readonly deterministic: boolean;
  readonly extensions: {
    readonly basicConstraints: { readonly isCa: boolean; readonly pathLength: number | undefined } | null;
    readonly keyUsage: readonly KeyUsage[] | null;
    readonly extendedKeyUsage: readonly string[] | null;
    readonly keyIdentifiers: boolean;
    readonly subjectNames: readonly SubjectName[];
    readonly others: readonly { readonly oid: string; readonly critical: boolean; readonly value: Uint8Array }[];
  };
}

type Subtle = webcrypto.SubtleCrypto;

const randomised = new Crypto();
const nodeKeys = new WeakMap<webcrypto.CryptoKey, KeyObject>();

/**
 * The same provider, but ECDSA uses the nonce of RFC 6979: OpenSSL draws a random nonce, so that a seeded certificate
 * would have different bytes on every run. RSA PKCS#1 signatures are deterministic anyway.
 */
const deterministic = withoutRandomness(new Crypto());

function withoutRandomness(provider: Crypto): Crypto {
  const subtle: Subtle = provider.subtle;
  const sign = subtle.sign.bind(subtle);
  subtle.sign = async (algorithm, key, data) => {
    const nodeKey = nodeKeys.get(key);
    if (key.algorithm.name !== "ECDSA" || !nodeKey) return sign(algorithm, key, data);
    return Uint8Array.from(signDeterministically(nodeKey, viewOf(data))).buffer;
  };
  return provider;
}

/** ECDSA on P-256 with SHA-256 and the nonce of RFC 6979: r and s, 32 bytes each. */
export function signDeterministically(privateKey: KeyObject, data: Uint8Array): Uint8Array {
  const scalar = Buffer.from(privateKey.export({ format: "jwk" }).d ?? "", "base64url");
  return p256.sign(data, scalar, { lowS: false, prehash: true });
}

function viewOf(data: webcrypto.BufferSource): Uint8Array {
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}

/** The DER of the certificate. Throws CertificateError when the authority's key cannot sign. */
export async function signCertificate(template: Template): Promise<Buffer> {
  const { privateKey, issuer } = template;
  const spki = createPublicKey(privateKey).export({ type: "spki", format: "der" });
  const subject = new Name(commonNameDer(template.commonName));
  const signer = issuer?.privateKey ?? privateKey;
  const { algorithm, hash } = signingAlgorithm(signer, template.deterministic);
  const certificate = await X509CertificateGenerator.create(
    {
      serialNumber: template.serial.toString("hex"),
      subject,
      issuer: issuer ? new Name(issuer.certificate.subjectRaw) : subject,
      notBefore: template.notBefore,
      notAfter: template.notAfter,
      publicKey: spki,
      signingKey: await importKey(signer, algorithm),
      signingAlgorithm: { ...algorithm, hash },
      extensions: makeExtensions(template, spki),
    },
    template.deterministic ? deterministic : randomised,
  );
  return Buffer.from(certificate.rawData);
}

const ecdsa: Readonly<Record<string, { readonly namedCurve: string; readonly hash: string }>> = {
  prime256v1: { namedCurve: "P-256", hash: "SHA-256" },
  secp384r1: { namedCurve: "P-384", hash: "SHA-384" },
  secp521r1: { namedCurve: "P-521", hash: "SHA-512" },
};

type KeyAlgorithm = webcrypto.EcKeyImportParams | webcrypto.RsaHashedImportParams;

interface SigningAlgorithm {
  readonly algorithm: KeyAlgorithm;
  readonly hash: string;
}

function signingAlgorithm(key: KeyObject, isDeterministic: boolean): SigningAlgorithm {
  if (key.asymmetricKeyType === "rsa") {
    return { algorithm: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, hash: "SHA-256" };
  }
  const row = ecdsa[key.asymmetricKeyDetails?.namedCurve ?? ""];
  if (!row) throw new CertificateError("an authority signs with an RSA or a P-256, P-384 or P-521 key");
  if (isDeterministic && row.namedCurve !== "P-256") {
    throw new CertificateError("a seeded certificate needs an authority with a P-256 or RSA key");
  }
  return { algorithm: { name: "ECDSA", namedCurve: row.namedCurve }, hash: row.hash };
}

const imported = new WeakMap<KeyObject, Promise<webcrypto.CryptoKey>>();

/** An authority signs many certificates: its key is imported once. */
function importKey(key: KeyObject, algorithm: KeyAlgorithm): Promise<webcrypto.CryptoKey> {
  const known = imported.get(key);
  if (known) return known;
  const pkcs8 = key.export({ type: "pkcs8", format: "der" });
  const subtle: Subtle = randomised.subtle;
  const pending = subtle.importKey("pkcs8", pkcs8, algorithm, false, ["sign"]).then((cryptoKey) => {
    nodeKeys.set(cryptoKey, key);
    return cryptoKey;
  });
  imported.set(key, pending);
  return pending;
}

function makeExtensions({ extensions, issuer }: Template, spki: Buffer): Extension[] {
  const { basicConstraints, keyUsage, extendedKeyUsage, keyIdentifiers, subjectNames, others } = extensions;
  const made: Extension[] = [];
  if (basicConstraints) {
    const { isCa, pathLength } = basicConstraints;
    made.push(new BasicConstraintsExtension(isCa, pathLength, true));
  }
  if (keyUsage) made.push(new KeyUsagesExtension(keyUsageBits(keyUsage), true));
  if (extendedKeyUsage) made.push(new ExtendedKeyUsageExtension([...extendedKeyUsage]));
  if (subjectNames.length > 0) made.push(new SubjectAlternativeNameExtension([...subjectNames]));
  if (keyIdentifiers) {
    const keyId = keyIdentifier(spki);
    made.push(new SubjectKeyIdentifierExtension(keyId));
    made.push(
      new AuthorityKeyIdentifierExtension(
        issuer?.certificate.subjectKeyId ?? (issuer ? keyIdentifier(issuer.certificate.spki) : keyId),
      ),
    );
  }
  for (const { oid, critical, value } of others) made.push(new Extension(oid, critical, value));
  return made;
}

/** The library numbers the usages by bit, in the order of the standard. */
function keyUsageBits(usages: readonly KeyUsage[]): number {
  return usages.reduce((bits, usage) => bits | (1 << keyUsageNames.indexOf(usage)), 0);
}

/** SHA-1 of the key's bit string (RFC 5280 section 4.2.1.2, method 1). */
function keyIdentifier(spki: Buffer): string {
  const sequence = new DerReader(spki, "public key").enter(tags.sequence);
  sequence.read(tags.sequence);
  return createHash("sha1").update(sequence.bitStringBytes()).digest("hex");
}
