/**
 * Thrown when bytes or text are not what they should be: not a certificate, not PEM, not a key, a bad option.
 * It is the only error that the readers of this package throw, so a stranger's bytes need one `catch`.
 */
export class CertificateError extends Error {
  override readonly name = "CertificateError";
}
