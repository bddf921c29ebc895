import { type KeyObject, X509Certificate } from "node:crypto";
import { readCertificate } from "./certificate.js";
import { leafFirst } from "./chain-order.js";
import { CertificateError } from "./encoding/certificate-error.js";
import { certificateBlocks, toPem } from "./pem.js";
import { readPrivateKey } from "./private-key.js";

/** A key that belongs to another certificate of the file than to the first: the order that was meant is given. */
export class ChainOrderError extends CertificateError {
  /** Numbers of the certificates in the file, from 1 on, as a chain has them: the leaf first. */
  readonly order: readonly number[];

  constructor(message: string, order: readonly number[]) {
    super(message);
    this.order = order;
  }
}

/** The certificates and the private key that a device presents, in the forms that TLS takes. */
export interface PresentedIdentity {
  /** Leaf first, as in the file. */
  readonly certificatePem: string;
  /** PKCS#8, no longer encrypted. */
  readonly privateKeyPem: string;
  /** Notes about certificates that are presented although the intermediates are not in the order of the chain. */
  readonly notes: readonly string[];
}

/** The certificate chain and the private key of a device, as bytes or text. */
export interface IdentityFiles {
  readonly certificate: string | Uint8Array;
  readonly key: string | Uint8Array;
  readonly passphrase?: string | undefined;
}

/** A step of reading: what is thrown then names the file by its own word. */
export type IdentityPart = "certificate" | "key" | "pair";

/**
 * Reads and checks what a device presents before it connects: that the key is the first certificate's. Certificates are
 * read with OpenSSL, so that whatever it presents is still presented.
 * Throws CertificateError (ChainOrderError, PassphraseError, OtherMaterialError); `about` learns of which part.
 */
export function readPresentedIdentity(
  { certificate, key, passphrase }: IdentityFiles,
  about: (part: IdentityPart) => void = () => undefined,
): PresentedIdentity {
  about("certificate");
  const ders = certificateBlocks(certificate);
  const certificates = ders.map((der, index) => loadCertificate(der, index, ders.length));
  about("key");
  const privateKey = readPrivateKey(key, passphrase);
  about("pair");
  checkKey(certificates, privateKey);
  return {
    certificatePem: ders.map((der) => toPem(der)).join(""),
    privateKeyPem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    notes: orderNotes(ders),
  };
}

function loadCertificate(der: Buffer, index: number, count: number): X509Certificate {
  try {
    return new X509Certificate(der);
  } catch (cause) {
    const which = count > 1 ? `certificate ${index + 1} of ${count}` : "the certificate";
    throw new CertificateError(`${which} is one that OpenSSL does not load${reasonOf(der)}`, { cause });
  }
}

/** Our own reader says where the fault is. */
function reasonOf(der: Buffer): string {
  try {
    readCertificate(der);
    return "";
  } catch (error) {
    return error instanceof CertificateError ? `: ${error.message}` : "";
  }
}

function checkKey(certificates: readonly X509Certificate[], key: KeyObject): void {
  const own = certificates.findIndex((each) => each.checkPrivateKey(key));
  if (own === 0) return;
  const subject = subjectOf(certificates[0]);
  if (own < 0) {
    const others = certificates.length > 1 ? `, nor to one of the ${certificates.length - 1} others in the file` : "";
    throw new CertificateError(
      `the private key (${describe(key)}) does not belong to the certificate ${subject} (${describe(certificates[0]?.publicKey)})${others}`,
    );
  }
  const order = meantOrder(certificates, own);
  const names = order.map((number) => `${number} (${subjectOf(certificates[number - 1])})`);
  throw new ChainOrderError(
    `the certificates are not leaf first: the key belongs to certificate ${own + 1} of ${certificates.length}. The order is ${names.join(", ")}`,
    order,
  );
}

const subjectOf = (certificate: X509Certificate | undefined): string =>
  certificate?.subject?.split("\n").join(", ") || "(no subject)";

function describe(key: KeyObject | undefined): string {
  const { modulusLength, namedCurve } = key?.asymmetricKeyDetails ?? {};
  const type = (key?.asymmetricKeyType ?? "unknown").toUpperCase();
  return [type, modulusLength ?? namedCurve].filter((each) => each !== undefined).join(" ");
}

function meantOrder(certificates: readonly X509Certificate[], own: number): readonly number[] {
  const rest = new Set(certificates.keys());
  const order: number[] = [];
  let next: number | undefined = own;
  while (next !== undefined) {
    order.push(next + 1);
    rest.delete(next);
    const child: X509Certificate | undefined = certificates[next];
    next = [...rest].find((each) => {
      const parent = certificates[each];
      return child && parent && child.checkIssued(parent);
    });
  }
  return [...order, ...[...rest].map((each) => each + 1)];
}

function orderNotes(ders: readonly Buffer[]): readonly string[] {
  try {
    const given = ders.map((der) => readCertificate(der));
    const meant = leafFirst(given, given[0]);
    if (meant.every((each, index) => each === given[index])) return [];
    const order = meant.map((each) => given.indexOf(each) + 1).join(", ");
    return [
      `the certificates above the first are in another order than the chain's: it would be ${order}. They are sent as they are`,
    ];
  } catch (error) {
    if (error instanceof CertificateError) return [];
    throw error;
  }
}
