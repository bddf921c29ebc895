import { type Certificate, readCertificate } from "./certificate.js";

/** Reads certificates, and keeps the CA certificates among them. */
export interface CertificateCache {
  /**
   * Like {@link readCertificate}, but the same bytes of a CA certificate give the same object. Throws CertificateError.
   */
  read(der: Uint8Array): Certificate;
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
  return {
    get size() {
      return kept.size;
    },
    read(der) {
      const key = Buffer.from(der.buffer, der.byteOffset, der.byteLength).toString("latin1");
      const known = kept.get(key);
      if (known) {
        kept.delete(key);
        kept.set(key, known);
        return known;
      }
      const certificate = readCertificate(der);
      if (!certificate.isCa) return certificate;
      kept.set(key, certificate);
      const oldest = kept.size > max ? kept.keys().next().value : undefined;
      if (oldest !== undefined) kept.delete(oldest);
      return certificate;
    },
  };
}
