/** TLS's numbers and their names (IANA, TLS parameters), as far as devices use them. */

type Names = Readonly<Record<number, string>>;

export const alertNames: Names = {
  0: "close_notify",
  10: "unexpected_message",
  20: "bad_record_mac",
  22: "record_overflow",
  40: "handshake_failure",
  42: "bad_certificate",
  43: "unsupported_certificate",
  44: "certificate_revoked",
  45: "certificate_expired",
  46: "certificate_unknown",
  47: "illegal_parameter",
  48: "unknown_ca",
  49: "access_denied",
  50: "decode_error",
  51: "decrypt_error",
  70: "protocol_version",
  71: "insufficient_security",
  80: "internal_error",
  86: "inappropriate_fallback",
  90: "user_canceled",
  109: "missing_extension",
  110: "unsupported_extension",
  112: "unrecognized_name",
  113: "bad_certificate_status_response",
  115: "unknown_psk_identity",
  116: "certificate_required",
  120: "no_application_protocol",
};

export const versionNames: Names = {
  768: "SSL 3.0",
  769: "TLS 1.0",
  770: "TLS 1.1",
  771: "TLS 1.2",
  772: "TLS 1.3",
};

export const groupNames: Names = {
  19: "secp192r1",
  21: "secp224r1",
  22: "secp256k1",
  23: "secp256r1",
  24: "secp384r1",
  25: "secp521r1",
  26: "brainpoolP256r1",
  27: "brainpoolP384r1",
  28: "brainpoolP512r1",
  29: "x25519",
  30: "x448",
  31: "brainpoolP256r1tls13",
  32: "brainpoolP384r1tls13",
  33: "brainpoolP512r1tls13",
  256: "ffdhe2048",
  257: "ffdhe3072",
  258: "ffdhe4096",
  259: "ffdhe6144",
  260: "ffdhe8192",
  4588: "X25519MLKEM768",
};

export const signatureNames: Names = {
  513: "rsa_pkcs1_sha1",
  515: "ecdsa_sha1",
  769: "rsa_pkcs1_sha224",
  771: "ecdsa_sha224",
  1025: "rsa_pkcs1_sha256",
  1027: "ecdsa_secp256r1_sha256",
  1281: "rsa_pkcs1_sha384",
  1283: "ecdsa_secp384r1_sha384",
  1537: "rsa_pkcs1_sha512",
  1539: "ecdsa_secp521r1_sha512",
  2052: "rsa_pss_rsae_sha256",
  2053: "rsa_pss_rsae_sha384",
  2054: "rsa_pss_rsae_sha512",
  2055: "ed25519",
  2056: "ed448",
  2057: "rsa_pss_pss_sha256",
  2058: "rsa_pss_pss_sha384",
  2059: "rsa_pss_pss_sha512",
};

/** By OpenSSL's names, which people write into settings. */
export const cipherNames: Names = {
  10: "DES-CBC3-SHA",
  47: "AES128-SHA",
  51: "DHE-RSA-AES128-SHA",
  53: "AES256-SHA",
  57: "DHE-RSA-AES256-SHA",
  60: "AES128-SHA256",
  61: "AES256-SHA256",
  103: "DHE-RSA-AES128-SHA256",
  107: "DHE-RSA-AES256-SHA256",
  156: "AES128-GCM-SHA256",
  157: "AES256-GCM-SHA384",
  158: "DHE-RSA-AES128-GCM-SHA256",
  159: "DHE-RSA-AES256-GCM-SHA384",
  168: "PSK-AES128-GCM-SHA256",
  174: "PSK-AES128-CBC-SHA256",
  4865: "TLS_AES_128_GCM_SHA256",
  4866: "TLS_AES_256_GCM_SHA384",
  4867: "TLS_CHACHA20_POLY1305_SHA256",
  4868: "TLS_AES_128_CCM_SHA256",
  4869: "TLS_AES_128_CCM_8_SHA256",
  49161: "ECDHE-ECDSA-AES128-SHA",
  49162: "ECDHE-ECDSA-AES256-SHA",
  49171: "ECDHE-RSA-AES128-SHA",
  49172: "ECDHE-RSA-AES256-SHA",
  49187: "ECDHE-ECDSA-AES128-SHA256",
  49188: "ECDHE-ECDSA-AES256-SHA384",
  49191: "ECDHE-RSA-AES128-SHA256",
  49192: "ECDHE-RSA-AES256-SHA384",
  49195: "ECDHE-ECDSA-AES128-GCM-SHA256",
  49196: "ECDHE-ECDSA-AES256-GCM-SHA384",
  49199: "ECDHE-RSA-AES128-GCM-SHA256",
  49200: "ECDHE-RSA-AES256-GCM-SHA384",
  49324: "ECDHE-ECDSA-AES128-CCM",
  49326: "ECDHE-ECDSA-AES128-CCM8",
  52392: "ECDHE-RSA-CHACHA20-POLY1305",
  52393: "ECDHE-ECDSA-CHACHA20-POLY1305",
  52394: "DHE-RSA-CHACHA20-POLY1305",
};

/** More names than this tell people nothing more. */
const MOST_NAMES = 12;

/** 0x0a0a, 0x1a1a, …: values without a meaning that some clients mix in (RFC 8701); 0x00ff and 0x5600 are signals. */
const isNoise = (value: number) => (value & 0x0f0f) === 0x0a0a && value >> 8 === (value & 0xff);
const signals: readonly number[] = [0x00ff, 0x5600];

/** `a, b and 3 more`; numbers without a name in hexadecimal; `unknown` when the client's list was not seen. */
export function namesOf(values: readonly number[] | undefined, names: Names): string {
  if (values === undefined) return "unknown";
  const known = values.filter((value) => !isNoise(value) && !signals.includes(value));
  if (known.length === 0) return "none";
  const shown = known
    .slice(0, MOST_NAMES)
    .map((value) => names[value] ?? `0x${value.toString(16).padStart(4, "0")}`)
    .join(", ");
  return known.length > MOST_NAMES ? `${shown} and ${known.length - MOST_NAMES} more` : shown;
}
