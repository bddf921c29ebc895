/** Part 2, table 9 (TPM_ALG_ID): the algorithms that this TPM can name. */
export const algorithms = {
  rsa: 0x0001,
  sha1: 0x0004,
  hmac: 0x0005,
  aes: 0x0006,
  mgf1: 0x0007,
  keyedHash: 0x0008,
  xor: 0x000a,
  sha256: 0x000b,
  sha384: 0x000c,
  sha512: 0x000d,
  null: 0x0010,
  rsassa: 0x0014,
  rsaes: 0x0015,
  rsapss: 0x0016,
  oaep: 0x0017,
  ecdsa: 0x0018,
  ecdh: 0x0019,
  kdf1Sp80056a: 0x0020,
  kdf2: 0x0021,
  kdf1Sp800108: 0x0022,
  ecc: 0x0023,
  symCipher: 0x0025,
  ctr: 0x0040,
  ofb: 0x0041,
  cbc: 0x0042,
  cfb: 0x0043,
  ecb: 0x0044,
} as const;

/** Part 2, table 10 (TPM_ECC_CURVE). */
export const curves = { nistP256: 0x0003, nistP384: 0x0004 } as const;

/** Part 2, table 205 (TPMA_ALGORITHM) of each algorithm that GetCapability lists. */
export const algorithmAttributes: ReadonlyMap<number, number> = new Map([
  [algorithms.rsa, 0x0009],
  [algorithms.sha1, 0x0004],
  [algorithms.hmac, 0x0104],
  [algorithms.aes, 0x0002],
  [algorithms.mgf1, 0x0404],
  [algorithms.keyedHash, 0x030c],
  [algorithms.xor, 0x0006],
  [algorithms.sha256, 0x0004],
  [algorithms.sha384, 0x0004],
  [algorithms.sha512, 0x0004],
  [algorithms.rsassa, 0x0101],
  [algorithms.rsaes, 0x0201],
  [algorithms.rsapss, 0x0101],
  [algorithms.oaep, 0x0201],
  [algorithms.ecdsa, 0x0101],
  [algorithms.ecdh, 0x0401],
  [algorithms.kdf1Sp800108, 0x0404],
  [algorithms.ecc, 0x0009],
  [algorithms.symCipher, 0x0008],
  [algorithms.ctr, 0x0202],
  [algorithms.ofb, 0x0202],
  [algorithms.cbc, 0x0202],
  [algorithms.cfb, 0x0202],
  [algorithms.ecb, 0x0202],
]);

interface HashRow {
  readonly node: "sha1" | "sha256" | "sha384" | "sha512";
  readonly digestSize: number;
  readonly blockSize: number;
}

/** Hash algorithms with node:crypto's names. The block size is the limit of an HMAC key (Part 1, annex on HMAC keys). */
export const hashes: ReadonlyMap<number, HashRow> = new Map([
  [algorithms.sha1, { node: "sha1", digestSize: 20, blockSize: 64 }],
  [algorithms.sha256, { node: "sha256", digestSize: 32, blockSize: 64 }],
  [algorithms.sha384, { node: "sha384", digestSize: 48, blockSize: 128 }],
  [algorithms.sha512, { node: "sha512", digestSize: 64, blockSize: 128 }],
]);

/** The modes in which a block cipher can be used; TPM_ALG_NULL leaves the choice to each use of the key (TPMI_ALG_SYM_MODE with +). */
export const cipherModes: readonly number[] = [
  algorithms.null,
  algorithms.ctr,
  algorithms.ofb,
  algorithms.cbc,
  algorithms.cfb,
  algorithms.ecb,
];
