import { type Certificate, readCertificate } from "./certificate.js";

/** Reads certificates, and keeps the CA certificates among them. */
export interface CertificateCache {
  /**
   * Like {@link readCertificate}, but the same bytes of a CA certificate give the same object. Throws CertificateError.
   */
  read(der: Uint8Array): Certificate;
  /**
   * Like `read`, but keeps nothing: what a stranger sends must not push out what is enrolled. Throws CertificateError.
   */
  look(der: Uint8Array): Certificate;
  /** Keeps a CA certificate that was proved to be under an enrolled certificate. */
  keep(certificate: Certificate): void;
  /** How many are kept. */
  readonly size: number;
}

/**
 * A reader for the hot path: an intermediate that a thousand devices present is parsed once, its key imported once, and
 * its own signature checked once. Leaves are not kept. Keeps at most `max` certificates, and drops the least recently
 * used first.
 */
export function certificateCache(max: number): CertificateCache {
  const kept = new Map<string, Certificate>();
  const held = new WeakSet<Certificate>();
  const known = (key: string): Certificate | undefined => {
    const certificate = kept.get(key);
    if (!certificate) return undefined;
    kept.delete(key);
    kept.set(key, certificate);
    return certificate;
  };
  const keep = (key: string, certificate: Certificate) => {
    if (!certificate.isCa || kept.get(key) === certificate) return;
    kept.set(key, certificate);
    held.add(certificate);
    const [oldest, dropped] = kept.size > max ? (kept.entries().next().value ?? []) : [];
    if (oldest === undefined || dropped === undefined) return;
    kept.delete(oldest);
    held.delete(dropped);
  };
  return {
    get size() {
      return kept.size;
    },
    read(der) {
      const key = keyOf(der);
      const found = known(key);
      if (found) return found;
      const certificate = readCertificate(der);
      keep(key, certificate);
      return certificate;
    },
    look: (der) => known(keyOf(der)) ?? readCertificate(der),
    keep(certificate) {
      // Nearly always it is kept already: its key, a text as long as the certificate, is not made for nothing.
      if (certificate.isCa && !held.has(certificate)) keep(keyOf(certificate.der), certificate);
    },
  };
}

function keyOf(der: Uint8Array): string {
  return Buffer.from(der.buffer, der.byteOffset, der.byteLength).toString("latin1");
}
