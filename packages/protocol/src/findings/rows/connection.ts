import type { FindingRow } from "./finding-row.js";

/** The line for each client that makes it trust the CA (wire.md#trust). */
const TRUST =
  "Give the client the CA file that rollcall info caPath prints. Node: NODE_EXTRA_CA_CERTS=<file>. Python, .NET on Linux, Go, Rust, OpenSSL: SSL_CERT_FILE=<file>. Python over HTTPS and az: REQUESTS_CA_BUNDLE=<file>. C: OPTION_TRUSTED_CERT. Embedded C: AZ_IOT_DEVICE_X509_TRUST_PEM_FILE_PATH=<file>. Java: -Djavax.net.ssl.trustStore=<store>. mosquitto: --cafile <file>. curl: --cacert <file>.";

const TRUST_OR_NAME =
  "If the client does not know the CA: rollcall info caPath prints the file for NODE_EXTRA_CA_CERTS (Node), SSL_CERT_FILE (Python, .NET on Linux, Go, OpenSSL), REQUESTS_CA_BUNDLE (Python over HTTPS, az), OPTION_TRUSTED_CERT (C), -Djavax.net.ssl.trustStore (Java). If it does: connect to a name that stands in the certificate, and look at the client's clock.";

const common = { cause: 19, element: "connection", severity: "error", blame: "device" } as const;

/**
 * Why a TLS handshake ended early. `{ended}` says which side ended it and with which alert, `{state}` how far it had come.
 * Of the causes one is found at a time, so the order is no rank.
 */
export const connectionRows = {
  "tls.distrusted": {
    ...common,
    title: "{ended}, {state}: the client does not trust the CA of this service.",
    remedy: TRUST,
  },
  "tls.certificateRejected": {
    ...common,
    title: "{ended}, {state}: the client refuses the certificate of this service.",
    remedy: TRUST_OR_NAME,
  },
  "tls.certificateExpired": {
    ...common,
    title: "{ended}, {state}: to the client, the certificate of this service is out of date.",
    remedy: "Set the client's clock: this service renews its certificate before it expires.",
  },
  "tls.leftAfterHandshake": {
    ...common,
    title:
      "The client closed the connection without an alert, right after the handshake ({version}, {cipher}), and sent nothing: clients do that which do not trust the CA of this service or expect another name in its certificate.",
    remedy: TRUST_OR_NAME,
  },
  "tls.versionTooOld": {
    ...common,
    title: "{ended}, {state}: the newest TLS version that the client offers is {newest}.",
    remedy:
      "Let the client speak TLS 1.2 or newer, as the cloud requires: update its TLS library, or lift its highest version.",
  },
  "tls.noCommonCipher": {
    ...common,
    title: "{ended}, {state}: the client offers no cipher that this service can use with its certificate.",
    remedy:
      "Switch on ECDHE-ECDSA-AES128-GCM-SHA256 and ECDHE-RSA-AES128-GCM-SHA256 (TLS 1.2) or TLS_AES_128_GCM_SHA256 (TLS 1.3) in the client.",
  },
  "tls.noCommonGroup": {
    ...common,
    title: "{ended}, {state}: the client offers no group (elliptic curve) that this service can use, only {groups}.",
    remedy:
      "Switch on secp256r1 (P-256) in the client; over TLS 1.2 it is also the curve of this service's certificate.",
  },
  "tls.noCommonSignature": {
    ...common,
    title:
      "{ended}, {state}: the client takes no signature that the key of this service can make, only {signatureAlgorithms}.",
    remedy:
      "Switch on ecdsa_secp256r1_sha256 in the client, and rsa_pss_rsae_sha256 where the service has an RSA certificate.",
  },
  "tls.certificateCurve": {
    ...common,
    blame: "pki",
    title: "{ended}, {state}: the key in the client's certificate is on a curve that TLS does not take here.",
    remedy: "Issue the device's certificate with a key on secp256r1 (P-256) or secp384r1, or with RSA.",
  },
  "tls.certificateNotDer": {
    ...common,
    blame: "pki",
    element: "leaf",
    title: "{ended}, {state}: a certificate of the client is not valid DER, {where}.",
    remedy:
      "Issue the certificate again with a tool that encodes DER strictly; openssl x509 -in <file> -noout shows the same complaint.",
  },
  "tls.certificateVerifyFailed": {
    ...common,
    element: "key",
    title: "{ended}, {state}: the client signed with a key that is not the key of the certificate it showed.",
    remedy:
      "Give the client the private key of this very certificate: openssl x509 -in <certificate> -noout -pubkey and openssl pkey -in <key> -pubout print the same.",
  },
  "tls.plainMqtt": {
    ...common,
    title: "{ended}, {state}: the client speaks plain MQTT, and this port speaks TLS.",
    remedy: "Switch TLS on in the client: mqtts:// or ssl:// in place of mqtt:// or tcp://.",
  },
  "tls.plainHttp": {
    ...common,
    title: "{ended}, {state}: the client speaks plain HTTP, and this port speaks TLS.",
    remedy: "Write https:// in place of http://, on the port that rollcall info names for HTTPS.",
  },
  "tls.httpProxyRequest": {
    ...common,
    title: "{ended}, {state}: the client takes this port for an HTTP proxy and sent CONNECT.",
    remedy:
      "Take this address out of the client's proxy settings: HTTPS_PROXY, HTTP_PROXY, or the proxy option of its SDK.",
  },
  "tls.proxyPreamble": {
    ...common,
    title: "{ended}, {state}: a proxy sent the preamble of the PROXY protocol version {version} before TLS.",
    remedy: "Switch off send-proxy or proxy_protocol at the proxy or load balancer: this service does not read it.",
  },
  "tls.notTls": {
    ...common,
    title: "{ended}, {state}: the first bytes are no TLS record: {bytes}.",
    remedy: "Look at what connects to this port: MQTT and HTTP have to run inside TLS 1.2 or newer.",
  },
  "tls.closedWithoutAlert": {
    ...common,
    title: "{ended}, {state}.",
    remedy:
      "Look into the client's log for its TLS error: clients that do not trust the CA (rollcall info caPath prints the file) often close so, and so do a time limit and a lost network.",
  },
  "tls.timedOut": {
    ...common,
    title: "{ended}, {state}: the client did not finish the handshake within {seconds} seconds.",
    remedy:
      "Look for what holds the client up: a slow key in hardware, lost packets, or a program that waits for a greeting.",
  },
  "tls.clientAlert": {
    ...common,
    title: "{ended}, {state}.",
    remedy: "The alert is the client's own: its log says what it did not like about this service or its settings.",
  },
  "tls.failed": {
    ...common,
    title: "{ended}, {state}: {reason}.",
    remedy: "Compare what the client sent with RFC 8446 (TLS 1.3) or RFC 5246 (TLS 1.2); another TLS library may do.",
  },
  "tls.offer": {
    element: "connection",
    severity: "info",
    blame: "device",
    title:
      "The client offered {versions}; ciphers {ciphers}; groups {groups}; signature algorithms {signatureAlgorithms}; server name {serverName}.",
    remedy: "Nothing to do: compare it with what ended the handshake.",
  },
} as const satisfies Readonly<Record<string, FindingRow>>;
