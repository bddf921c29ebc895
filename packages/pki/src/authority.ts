import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { type Certificate, readCertificate } from "./certificate.js";
import { CertificateError } from "./certificate-error.js";
import { parseCertificates, toPem } from "./pem.js";

/** A signer: a certificate, its private key, and the certificates above it, nearest first, the root included. */
export interface Authority {
  readonly certificate: Certificate;
  readonly privateKey: KeyObject;
  readonly chain: readonly Certificate[];
}

/** A certificate with its private key; it can sign others in turn. */
export interface Identity extends Authority {
  readonly certificatePem: string;
  /** PKCS#8. */
  readonly privateKeyPem: string;
  /** Leaf first, then the intermediates: what a device presents. The root is left out; it is last in `chain`. */
  readonly chainPem: string;
}

/** Adds the PEM forms. */
export function identity({ certificate, privateKey, chain }: Authority): Identity {
  const sent = [certificate, ...chain.filter((above) => !above.isSelfIssued)];
  return {
    certificate,
    privateKey,
    chain,
    certificatePem: toPem(certificate.der),
    privateKeyPem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    chainPem: sent.map(({ der }) => toPem(der)).join(""),
  };
}

/** PEM text of a certificate, or of a chain with its leaf first, and of its private key. */
export interface IdentityPem {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/**
 * Reads an identity from files. Throws CertificateError when the texts are not PEM, the key is encrypted or of another
 * kind, or the key is not the certificate's.
 */
export function loadIdentity({ certificatePem, privateKeyPem }: IdentityPem): Identity {
  const [certificate, ...chain] = parseCertificates(certificatePem).map(readCertificate);
  if (!certificate) throw new CertificateError("the text has no certificate");
  const privateKey = readPrivateKey(privateKeyPem);
  const spki = createPublicKey(privateKey).export({ type: "spki", format: "der" });
  if (!spki.equals(certificate.spki)) {
    throw new CertificateError(`the private key does not belong to the certificate ${certificate.subject}`);
  }
  return identity({ certificate, privateKey, chain });
}

function readPrivateKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw new CertificateError("the private key is not PEM text of an unencrypted key", { cause });
  }
}
