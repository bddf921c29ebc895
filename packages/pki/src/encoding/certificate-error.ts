/**
 * Thrown when bytes or text are not what they should be: not a certificate, not PEM, not a key, a bad option. The
 * readers of this package throw no other error, so that one `catch` is enough for a stranger's bytes.
 */
export class CertificateError extends Error {
  override readonly name = "CertificateError";
}
