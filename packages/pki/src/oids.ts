/** Short names of the attributes of a distinguished name (RFC 4514 section 3, RFC 4519; the rest as OpenSSL writes them). */
export const attributeNames: Readonly<Record<string, string>> = {
  "2.5.4.3": "CN",
  "2.5.4.4": "SN",
  "2.5.4.5": "serialNumber",
  "2.5.4.6": "C",
  "2.5.4.7": "L",
  "2.5.4.8": "ST",
  "2.5.4.9": "street",
  "2.5.4.10": "O",
  "2.5.4.11": "OU",
  "2.5.4.12": "title",
  "2.5.4.13": "description",
  "2.5.4.42": "GN",
  "2.5.4.43": "initials",
  "2.5.4.46": "dnQualifier",
  "0.9.2342.19200300.100.1.1": "UID",
  "0.9.2342.19200300.100.1.25": "DC",
  "1.2.840.113549.1.9.1": "emailAddress",
};

export const commonNameOid = "2.5.4.3";
export const emailAddressOid = "1.2.840.113549.1.9.1";

/**
 * How a signature is checked: the key that it needs, and the hash. Weak algorithms are listed so that they can be
 * reported.
 */
export interface SignatureRow {
  readonly name: string;
  readonly key: "rsa" | "rsa-pss" | "ec" | "ed25519" | "ed448";
  readonly hash?: string;
  readonly weak?: boolean;
}

const rsaPssOid = "1.2.840.113549.1.1.10";

/** RFC 8017 appendix A.2, RFC 5758 section 3, RFC 8410 section 3. Weak: below 80 bits (OpenSSL security level 1, TLS's default). */
export const signatureAlgorithms: Readonly<Record<string, SignatureRow>> = {
  "1.2.840.113549.1.1.4": { name: "md5WithRSA", key: "rsa", hash: "md5", weak: true },
  "1.2.840.113549.1.1.5": { name: "sha1WithRSA", key: "rsa", hash: "sha1", weak: true },
  "1.2.840.113549.1.1.14": { name: "sha224WithRSA", key: "rsa", hash: "sha224" },
  "1.2.840.113549.1.1.11": { name: "sha256WithRSA", key: "rsa", hash: "sha256" },
  "1.2.840.113549.1.1.12": { name: "sha384WithRSA", key: "rsa", hash: "sha384" },
  "1.2.840.113549.1.1.13": { name: "sha512WithRSA", key: "rsa", hash: "sha512" },
  [rsaPssOid]: { name: "RSA-PSS", key: "rsa-pss" },
  "1.2.840.10045.4.1": { name: "ecdsaWithSHA1", key: "ec", hash: "sha1", weak: true },
  "1.2.840.10045.4.3.1": { name: "ecdsaWithSHA224", key: "ec", hash: "sha224" },
  "1.2.840.10045.4.3.2": { name: "ecdsaWithSHA256", key: "ec", hash: "sha256" },
  "1.2.840.10045.4.3.3": { name: "ecdsaWithSHA384", key: "ec", hash: "sha384" },
  "1.2.840.10045.4.3.4": { name: "ecdsaWithSHA512", key: "ec", hash: "sha512" },
  "1.3.101.112": { name: "Ed25519", key: "ed25519" },
  "1.3.101.113": { name: "Ed448", key: "ed448" },
};

/** Hashes that RSA-PSS parameters may name (RFC 8017 appendix A.2.3). */
export const hashNames: Readonly<Record<string, string>> = {
  "1.3.14.3.2.26": "sha1",
  "2.16.840.1.101.3.4.2.4": "sha224",
  "2.16.840.1.101.3.4.2.1": "sha256",
  "2.16.840.1.101.3.4.2.2": "sha384",
  "2.16.840.1.101.3.4.2.3": "sha512",
};

export interface CurveRow {
  readonly name: string;
  readonly bits: number;
}

/** Named curves (RFC 5480 section 2.1.1.1, SEC 2, RFC 5639). */
export const curves: Readonly<Record<string, CurveRow>> = {
  "1.2.840.10045.3.1.1": { name: "P-192", bits: 192 },
  "1.3.132.0.33": { name: "P-224", bits: 224 },
  "1.2.840.10045.3.1.7": { name: "P-256", bits: 256 },
  "1.3.132.0.34": { name: "P-384", bits: 384 },
  "1.3.132.0.35": { name: "P-521", bits: 521 },
  "1.3.132.0.10": { name: "secp256k1", bits: 256 },
  "1.3.36.3.3.2.8.1.1.7": { name: "brainpoolP256r1", bits: 256 },
  "1.3.36.3.3.2.8.1.1.11": { name: "brainpoolP384r1", bits: 384 },
  "1.3.36.3.3.2.8.1.1.13": { name: "brainpoolP512r1", bits: 512 },
};

/** Public key algorithms (RFC 3279 section 2.3, RFC 8410 section 3). */
export const keyAlgorithms: Readonly<Record<string, string>> = {
  "1.2.840.113549.1.1.1": "RSA",
  "1.2.840.113549.1.1.10": "RSA-PSS",
  "1.2.840.10045.2.1": "EC",
  "1.3.101.112": "Ed25519",
  "1.3.101.113": "Ed448",
};

/** Bits of the KeyUsage extension in order (RFC 5280 section 4.2.1.3). */
export const keyUsageNames = [
  "digitalSignature",
  "nonRepudiation",
  "keyEncipherment",
  "dataEncipherment",
  "keyAgreement",
  "keyCertSign",
  "cRLSign",
  "encipherOnly",
  "decipherOnly",
] as const;

export type KeyUsage = (typeof keyUsageNames)[number];

/** Extended key usages by name (RFC 5280 section 4.2.1.12). */
export const extendedKeyUsages = {
  serverAuth: "1.3.6.1.5.5.7.3.1",
  clientAuth: "1.3.6.1.5.5.7.3.2",
  codeSigning: "1.3.6.1.5.5.7.3.3",
  emailProtection: "1.3.6.1.5.5.7.3.4",
  timeStamping: "1.3.6.1.5.5.7.3.8",
  ocspSigning: "1.3.6.1.5.5.7.3.9",
  any: "2.5.29.37.0",
} as const;

/** Extensions that this package reads (RFC 5280 section 4.2.1; the last is Netscape's, which old openssl.cnf files still write). */
export const extensionOids = {
  subjectKeyIdentifier: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAltName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  nameConstraints: "2.5.29.30",
  crlDistributionPoints: "2.5.29.31",
  authorityKeyIdentifier: "2.5.29.35",
  extendedKeyUsage: "2.5.29.37",
  netscapeCertType: "2.16.840.1.113730.1.1",
} as const;

/**
 * Extensions that may be critical. OpenSSL's list (X509_supported_extension in crypto/x509/v3_purp.c) so that the verdicts
 * agree; the identifiers of keys are not on it: a certificate that marks them critical is refused by both.
 */
export const understoodExtensions: ReadonlySet<string> = new Set([
  extensionOids.keyUsage,
  extensionOids.subjectAltName,
  extensionOids.basicConstraints,
  extensionOids.nameConstraints,
  extensionOids.extendedKeyUsage,
  extensionOids.netscapeCertType,
  extensionOids.crlDistributionPoints,
  "2.5.29.32", // certificate policies and three related extensions: no policy is required, so any is accepted
  "2.5.29.33",
  "2.5.29.36",
  "2.5.29.54",
  "1.3.6.1.5.5.7.48.1.5", // OCSP no check
]);
