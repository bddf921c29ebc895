/** OpenSSL's codes of failed handshakes, and what the client did. */
const reasons: Readonly<Record<string, string>> = {
  ERR_SSL_HTTP_REQUEST: "it spoke plain HTTP; this port speaks TLS",
  ERR_SSL_WRONG_VERSION_NUMBER: "it did not speak TLS (plain MQTT?); this port does",
  ERR_SSL_UNSUPPORTED_PROTOCOL: "it offered only TLS versions older than 1.2",
  ERR_SSL_NO_SHARED_CIPHER: "it offered no cipher that this service has",
  ERR_TLS_HANDSHAKE_TIMEOUT: "it did not finish within 30 seconds",
};

const ALERT = /^ERR_SSL_(?:TLSV1|TLSV13|SSLV3)_ALERT_(\w+)$/;

/** The `reason` of a tls.clientLeft finding. */
export function handshakeFailure(
  error: { readonly code?: string | undefined; readonly reason?: string | undefined } | undefined,
): string {
  const code = error?.code;
  if (code === undefined || code === "ECONNRESET" || code === "EPIPE")
    return "it closed the connection in the middle of the handshake";
  const alert = ALERT.exec(code)?.[1];
  if (alert !== undefined) return `it sent the alert "${alert.toLowerCase().replaceAll("_", " ")}"`;
  return reasons[code] ?? (error?.reason ? `${error.reason} (${code})` : code);
}

/** The reason for clients that finish the handshake, reject the certificate and leave, as Node's do. */
export const LEFT_AFTER_HANDSHAKE =
  "it closed the connection right after the handshake and sent nothing, as clients do that do not trust the certificate of this service (unknown ca) or expect another name in it";
