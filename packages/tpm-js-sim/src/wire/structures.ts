import { algorithms, cipherModes, hashes } from "../tables/algorithms.js";
import { objectAttributeMask } from "../tables/attributes.js";
import { eccCurves } from "../tables/ecc-curves.js";
import { handleType, handleTypes, isSessionHandle, passwordSession, ticketHierarchies } from "../tables/handles.js";
import { inputBuffer, nvBuffer, pcrCount } from "../tables/properties.js";
import {
  type Codec,
  checked,
  type Infer,
  i32,
  list,
  sized,
  sizedStruct,
  struct,
  tagged,
  u8,
  u16,
  u32,
  u64,
} from "./codec.js";
import { hashOf } from "./hashes.js";

// TPM 2.0 Part 2 structures, in the order of that document. Limits are those of the reference implementation
// for RSA-2048, P-384 and SHA-512.

/** TPM2B_DIGEST, TPM2B_NONCE, TPM2B_AUTH */
export const Tpm2bDigest = sized(64);
/** TPM2B_DATA: a selector and a digest */
export const Tpm2bData = sized(66);
/** TPM2B_MAX_BUFFER */
export const Tpm2bMaxBuffer = sized(inputBuffer);
/** TPM2B_TIMEOUT */
export const Tpm2bTimeout = sized(8);
/** TPM2B_NAME: a handle or an algorithm and a digest */
export const Tpm2bName = sized(66);

/** TPMI_YES_NO */
export const TpmiYesNo = checked(u8, (value) => value <= 1, "value");
/** TPM_SU */
export const TpmSu = checked(u16, (value) => value <= 1, "value");
/** TPMI_ALG_HASH */
export const TpmiAlgHash = checked(u16, (value) => hashes.has(value), "hash");
/** TPMI_ALG_HASH with + */
export const TpmiAlgHashOrNull = checked(u16, (value) => value === algorithms.null || hashes.has(value), "hash");
/**
 * TPMI_ALG_MAC_SCHEME with +. Not TPM_RC_HASH: since TPM2_MAC shares HMAC's commands, the reference implementation
 * looks for a symmetric algorithm too.
 */
export const TpmiAlgMac = checked(u16, (value) => value === algorithms.null || hashes.has(value), "symmetric");
/** TPMI_RH_HIERARCHY with + */
export const TpmiRhHierarchy = checked(u32, (value) => ticketHierarchies.includes(value), "value");

const bitmapSize = pcrCount / 8;
/** TPMS_PCR_SELECTION; the bitmap has its own 8-bit length */
export const TpmsPcrSelection = struct({
  hash: TpmiAlgHash,
  select: {
    read: (reader) => reader.take(checked(u8, (length) => length === bitmapSize, "value").read(reader)),
    encode: (bits: Buffer) => Buffer.concat([u8.encode(bits.length), bits]),
  },
});
/** TPML_PCR_SELECTION */
export const TpmlPcrSelection = list(TpmsPcrSelection, 4);
export type TpmlPcrSelection = Infer<typeof TpmlPcrSelection>;
/** TPML_DIGEST: what PCR_Read answers and PolicyOR takes */
export const TpmlDigest = list(Tpm2bDigest, 8);
/** TPM2B_EVENT */
export const Tpm2bEvent = sized(1024);
/** TPM2B_MAX_NV_BUFFER */
export const Tpm2bMaxNvBuffer = sized(nvBuffer);
/** TPM2B_IV */
export const Tpm2bIv = sized(16);

/** TPMT_HA: the digest has no length of its own */
export const TpmtHa: Codec<{ readonly hashAlg: number; readonly digest: Buffer }> = {
  read: (reader) => {
    const hashAlg = u16.read(reader);
    return { hashAlg, digest: reader.take(hashOf(hashAlg).digestSize) };
  },
  encode: ({ hashAlg, digest }) => Buffer.concat([u16.encode(hashAlg), digest]),
};
/** TPML_DIGEST_VALUES */
export const TpmlDigestValues = list(TpmtHa, 4);

/** TPMT_TK_CREATION, TPMT_TK_VERIFIED, TPMT_TK_AUTH, TPMT_TK_HASHCHECK: one shape, told apart by the tag */
export const TpmtTicket = struct({ tag: u16, hierarchy: u32, digest: Tpm2bDigest });
/** A ticket as a TPM reads it: of one of these kinds */
export function ticketOf(...kinds: readonly number[]): Codec<Infer<typeof TpmtTicket>> {
  // The reference implementation looks at the tag when it has read the hierarchy.
  const head = checked(struct({ tag: u16, hierarchy: TpmiRhHierarchy }), ({ tag }) => kinds.includes(tag), "tag");
  return {
    read: (reader) => ({ ...head.read(reader), digest: Tpm2bDigest.read(reader) }),
    encode: (ticket) => TpmtTicket.encode(ticket),
  };
}

const nothing = struct({});
const aes = struct({ keyBits: u16, mode: u16 });
const hashScheme = struct({ hashAlg: u16 });
const hashSchemeIn = struct({ hashAlg: TpmiAlgHash });

/** TPMT_SYM_DEF_OBJECT, with + */
export const TpmtSymDefObject = tagged("algorithm", { [algorithms.null]: nothing, [algorithms.aes]: aes }, "symmetric");

/** TPM2B_SENSITIVE_DATA: MAX_SYM_DATA */
export const Tpm2bSensitiveData = sized(128);
/** TPMS_SENSITIVE_CREATE */
export const TpmsSensitiveCreate = struct({ userAuth: Tpm2bDigest, data: Tpm2bSensitiveData });
export const Tpm2bSensitiveCreate = sizedStruct(TpmsSensitiveCreate);

/** TPMT_KEYEDHASH_SCHEME, with + */
export const TpmtKeyedHashScheme = tagged(
  "scheme",
  {
    [algorithms.null]: nothing,
    [algorithms.hmac]: hashScheme,
    [algorithms.xor]: struct({ hashAlg: u16, kdf: u16 }),
  },
  "value",
);
/** TPMT_RSA_SCHEME, with + */
export const TpmtRsaScheme = tagged(
  "scheme",
  {
    [algorithms.null]: nothing,
    [algorithms.rsassa]: hashScheme,
    [algorithms.rsaes]: nothing,
    [algorithms.rsapss]: hashScheme,
    [algorithms.oaep]: hashScheme,
  },
  "value",
);
/** TPMT_RSA_DECRYPT, with + */
export const TpmtRsaDecrypt = tagged(
  "scheme",
  { [algorithms.null]: nothing, [algorithms.rsaes]: nothing, [algorithms.oaep]: hashSchemeIn },
  "value",
);
export type TpmtRsaDecrypt = Infer<typeof TpmtRsaDecrypt>;
/** TPMT_ECC_SCHEME, with + */
export const TpmtEccScheme = tagged(
  "scheme",
  { [algorithms.null]: nothing, [algorithms.ecdsa]: hashScheme, [algorithms.ecdh]: hashScheme },
  "scheme",
);
/** TPMT_KDF_SCHEME, with + */
export const TpmtKdfScheme = tagged(
  "scheme",
  {
    [algorithms.null]: nothing,
    [algorithms.mgf1]: hashScheme,
    [algorithms.kdf1Sp80056a]: hashScheme,
    [algorithms.kdf2]: hashScheme,
    [algorithms.kdf1Sp800108]: hashScheme,
  },
  "kdf",
);

/** TPMT_SIG_SCHEME, with + */
export const TpmtSigScheme = tagged(
  "scheme",
  {
    [algorithms.null]: nothing,
    [algorithms.hmac]: hashSchemeIn,
    [algorithms.rsassa]: hashSchemeIn,
    [algorithms.rsapss]: hashSchemeIn,
    [algorithms.ecdsa]: hashSchemeIn,
  },
  "scheme",
);
export type TpmtSigScheme = Infer<typeof TpmtSigScheme>;

/** TPM2B_PUBLIC_KEY_RSA */
export const Tpm2bPublicKeyRsa = sized(256);
/** TPM2B_ECC_PARAMETER */
export const Tpm2bEccParameter = sized(48);
/** TPMS_ECC_POINT */
export const TpmsEccPoint = struct({ x: Tpm2bEccParameter, y: Tpm2bEccParameter });
/** TPM2B_ECC_POINT */
export const Tpm2bEccPoint = sizedStruct(TpmsEccPoint);
/** TPM2B_ENCRYPTED_SECRET: an RSA ciphertext or a point */
export const Tpm2bEncryptedSecret = sized(256);

const signatures = {
  [algorithms.hmac]: struct({ mac: TpmtHa }),
  [algorithms.rsassa]: struct({ hashAlg: TpmiAlgHash, signature: Tpm2bPublicKeyRsa }),
  [algorithms.rsapss]: struct({ hashAlg: TpmiAlgHash, signature: Tpm2bPublicKeyRsa }),
  [algorithms.ecdsa]: struct({ hashAlg: TpmiAlgHash, r: Tpm2bEccParameter, s: Tpm2bEccParameter }),
} as const;
/** TPMT_SIGNATURE */
export const TpmtSignature = tagged("sigAlg", signatures, "scheme");
/** TPMT_SIGNATURE with +: NULL when nothing was signed */
export const TpmtSignatureOrNull = tagged("sigAlg", { ...signatures, [algorithms.null]: nothing }, "scheme");
export type TpmtSignatureOrNull = Infer<typeof TpmtSignatureOrNull>;
export type TpmtSignature = Infer<typeof TpmtSignature>;

/** TPMS_RSA_PARMS */
export const TpmsRsaParms = struct({ symmetric: TpmtSymDefObject, scheme: TpmtRsaScheme, keyBits: u16, exponent: u32 });
/** TPMS_ECC_PARMS */
export const TpmsEccParms = struct({
  symmetric: TpmtSymDefObject,
  scheme: TpmtEccScheme,
  curveId: u16,
  kdf: TpmtKdfScheme,
});

const publicHead = { nameAlg: u16, objectAttributes: u32, authPolicy: Tpm2bDigest };

const aesKeyBits: readonly number[] = [128, 256];
const aesIn = struct({
  keyBits: checked(u16, (bits) => aesKeyBits.includes(bits), "value"),
  mode: checked(u16, (mode) => cipherModes.includes(mode), "mode"),
});
/** TPMT_SYM_DEF, with + */
export const TpmtSymDef = tagged(
  "algorithm",
  { [algorithms.null]: nothing, [algorithms.aes]: aesIn, [algorithms.xor]: hashSchemeIn },
  "symmetric",
);
export type TpmtSymDef = Infer<typeof TpmtSymDef>;
const publicHeadIn = {
  nameAlg: TpmiAlgHash,
  objectAttributes: checked(u32, (bits) => (bits & ~objectAttributeMask) === 0, "reservedBits"),
  authPolicy: Tpm2bDigest,
};
const symmetricIn = tagged("algorithm", { [algorithms.null]: nothing, [algorithms.aes]: aesIn }, "symmetric");
const kdfIn = tagged(
  "scheme",
  {
    [algorithms.null]: nothing,
    [algorithms.mgf1]: hashSchemeIn,
    [algorithms.kdf1Sp80056a]: hashSchemeIn,
    [algorithms.kdf2]: hashSchemeIn,
    [algorithms.kdf1Sp800108]: hashSchemeIn,
  },
  "kdf",
);

const rsaParmsIn = struct({
  symmetric: symmetricIn,
  scheme: tagged(
    "scheme",
    {
      [algorithms.null]: nothing,
      [algorithms.rsassa]: hashSchemeIn,
      [algorithms.rsaes]: nothing,
      [algorithms.rsapss]: hashSchemeIn,
      [algorithms.oaep]: hashSchemeIn,
    },
    "value",
  ),
  keyBits: checked(u16, (bits) => bits === 1024 || bits === 2048 || bits === 3072, "value"),
  exponent: u32,
});
const keyedHashParmsIn = tagged(
  "scheme",
  {
    [algorithms.null]: nothing,
    [algorithms.hmac]: hashSchemeIn,
    [algorithms.xor]: struct({ hashAlg: TpmiAlgHash, kdf: u16 }),
  },
  "value",
);
const eccParmsIn = struct({
  symmetric: symmetricIn,
  scheme: tagged(
    "scheme",
    { [algorithms.null]: nothing, [algorithms.ecdsa]: hashSchemeIn, [algorithms.ecdh]: hashSchemeIn },
    "scheme",
  ),
  curveId: checked(u16, (curve) => eccCurves.has(curve), "curve"),
  kdf: kdfIn,
});
const symCipherParmsIn = checked(symmetricIn, ({ algorithm }) => algorithm !== algorithms.null, "symmetric");

/**
 * TPMT_PUBLIC as a TPM reads it: each part is checked before the next is read. The other codec reads whatever has the
 * right form, so that a verifier can say what is wrong with it.
 */
export const TpmtPublicIn: Codec<TpmtPublic> = tagged(
  "type",
  {
    [algorithms.rsa]: struct({ ...publicHeadIn, parameters: rsaParmsIn, unique: Tpm2bPublicKeyRsa }),
    [algorithms.keyedHash]: struct({ ...publicHeadIn, parameters: keyedHashParmsIn, unique: Tpm2bDigest }),
    [algorithms.ecc]: struct({ ...publicHeadIn, parameters: eccParmsIn, unique: TpmsEccPoint }),
    [algorithms.symCipher]: struct({ ...publicHeadIn, parameters: symCipherParmsIn, unique: Tpm2bDigest }),
  },
  "type",
);

/** TPMT_SYM_DEF_OBJECT with + as a TPM reads it */
export const TpmtSymDefObjectIn = symmetricIn;
/** TPMT_PUBLIC_PARMS as a TPM reads it */
export const TpmtPublicParms = tagged(
  "type",
  {
    [algorithms.rsa]: struct({ parameters: rsaParmsIn }),
    [algorithms.keyedHash]: struct({ parameters: keyedHashParmsIn }),
    [algorithms.ecc]: struct({ parameters: eccParmsIn }),
    [algorithms.symCipher]: struct({ parameters: symCipherParmsIn }),
  },
  "type",
);
/** TPMT_PUBLIC: the type selects both the parameters and the unique field */
export const TpmtPublic = tagged(
  "type",
  {
    [algorithms.rsa]: struct({ ...publicHead, parameters: TpmsRsaParms, unique: Tpm2bPublicKeyRsa }),
    [algorithms.keyedHash]: struct({ ...publicHead, parameters: TpmtKeyedHashScheme, unique: Tpm2bDigest }),
    [algorithms.ecc]: struct({ ...publicHead, parameters: TpmsEccParms, unique: TpmsEccPoint }),
    [algorithms.symCipher]: struct({ ...publicHead, parameters: TpmtSymDefObject, unique: Tpm2bDigest }),
  },
  "type",
);
export type TpmtPublic = Infer<typeof TpmtPublic>;
/** TPM2B_PUBLIC */
export const Tpm2bPublic = sizedStruct(TpmtPublic);
export const Tpm2bPublicIn = sizedStruct(TpmtPublicIn);

/** TPMT_SENSITIVE: on the wire the selected part is a TPM2B for every type */
export const TpmtSensitive = struct({
  sensitiveType: u16,
  authValue: Tpm2bDigest,
  seedValue: Tpm2bDigest,
  sensitive: sized(256),
});
export type TpmtSensitive = Infer<typeof TpmtSensitive>;
export const Tpm2bSensitive = sizedStruct(TpmtSensitive);
/** TPM2B_PRIVATE: _PRIVATE, opaque to everybody but the parent */
export const Tpm2bPrivate = sized(1024);

/** TPMS_ID_OBJECT and TPM2B_ID_OBJECT; the rest of the buffer is encIdentity */
export const Tpm2bIdObject = sized(132);

/** TPMS_CLOCK_INFO */
export const TpmsClockInfo = struct({ clock: u64, resetCount: u32, restartCount: u32, safe: u8 });
/** TPMS_TIME_INFO */
export const TpmsTimeInfo = struct({ time: u64, clockInfo: TpmsClockInfo });
/** TPMS_ATTEST up to the attested content */
export const TpmsAttestHead = struct({
  magic: u32,
  type: u16,
  qualifiedSigner: Tpm2bName,
  extraData: Tpm2bData,
  clockInfo: TpmsClockInfo,
  firmwareVersion: u64,
});
/** TPMS_QUOTE_INFO */
export const TpmsQuoteInfo = struct({ pcrSelect: TpmlPcrSelection, pcrDigest: Tpm2bDigest });
/** TPMS_SESSION_AUDIT_INFO */
export const TpmsSessionAuditInfo = struct({ exclusiveSession: u8, sessionDigest: Tpm2bDigest });
/** TPMS_CERTIFY_INFO */
export const TpmsCertifyInfo = struct({ name: Tpm2bName, qualifiedName: Tpm2bName });
/** TPMS_CREATION_INFO */
export const TpmsCreationInfo = struct({ objectName: Tpm2bName, creationHash: Tpm2bDigest });
/** TPMS_TIME_ATTEST_INFO */
export const TpmsTimeAttestInfo = struct({ ...TpmsTimeInfo.fields, firmwareVersion: u64 });
/** TPMS_NV_CERTIFY_INFO */
export const TpmsNvCertifyInfo = struct({ indexName: Tpm2bName, offset: u16, nvContents: Tpm2bMaxNvBuffer });
/** TPMS_NV_DIGEST_CERTIFY_INFO */
export const TpmsNvDigestCertifyInfo = struct({ indexName: Tpm2bName, nvDigest: Tpm2bDigest });
/** TPM2B_ATTEST: the signed bytes */
export const Tpm2bAttest = sized(2048);

/** TPMS_NV_PUBLIC */
export const TpmsNvPublic = struct({
  nvIndex: checked(u32, (index) => handleType(index) === handleTypes.nvIndex, "value"),
  nameAlg: TpmiAlgHash,
  attributes: checked(u32, (bits) => (bits & 0x01f0_0300) === 0, "reservedBits"),
  authPolicy: Tpm2bDigest,
  dataSize: u16,
});
export type TpmsNvPublic = Infer<typeof TpmsNvPublic>;
/** TPM2B_NV_PUBLIC */
export const Tpm2bNvPublic = sizedStruct(TpmsNvPublic);

/** TPMS_CONTEXT: only this TPM reads the blob */
export const TpmsContext = struct({ sequence: u64, savedHandle: u32, hierarchy: u32, contextBlob: sized(2048) });

/** TPMS_CREATION_DATA */
export const TpmsCreationData = struct({
  pcrSelect: TpmlPcrSelection,
  pcrDigest: Tpm2bDigest,
  locality: u8,
  parentNameAlg: u16,
  parentName: Tpm2bName,
  parentQualifiedName: Tpm2bName,
  outsideInfo: Tpm2bData,
});
export const Tpm2bCreationData = sizedStruct(TpmsCreationData);

/** TPMS_AUTH_COMMAND */
export const TpmsAuthCommand = struct({
  sessionHandle: checked(u32, (handle) => handle === passwordSession || isSessionHandle(handle), "value"),
  nonce: Tpm2bDigest,
  attributes: checked(u8, (bits) => (bits & 0x18) === 0, "reservedBits"),
  hmac: Tpm2bDigest,
});
export type TpmsAuthCommand = Infer<typeof TpmsAuthCommand>;
/** TPMS_AUTH_RESPONSE */
export const TpmsAuthResponse = struct({ nonce: Tpm2bDigest, attributes: u8, hmac: Tpm2bDigest });
export type TpmsAuthResponse = Infer<typeof TpmsAuthResponse>;

/** INT32, as PolicySecret's expiration */
export const Int32 = i32;
