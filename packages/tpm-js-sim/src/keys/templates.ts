import { createHash } from "node:crypto";
import { algorithms, curves } from "../tables/algorithms.js";
import { objectAttributes } from "../tables/attributes.js";
import { hierarchies } from "../tables/handles.js";
import type { TpmtPublic } from "../wire/structures.js";

/**
 * PolicySecret(ENDORSEMENT) with an empty policyRef: the policy of an endorsement key (TCG EK Credential Profile, annex
 * B).
 */
const endorsementPolicy = Buffer.from("837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa", "hex");

const storage =
  objectAttributes.fixedTpm |
  objectAttributes.fixedParent |
  objectAttributes.sensitiveDataOrigin |
  objectAttributes.restricted |
  objectAttributes.decrypt;
const endorsement = storage | objectAttributes.adminWithPolicy;
const storageRoot = storage | objectAttributes.userWithAuth | objectAttributes.noDa;

const empty = Buffer.alloc(0);
const aes128Cfb = { algorithm: algorithms.aes, keyBits: 128, mode: algorithms.cfb } as const;
const noScheme = { scheme: algorithms.null } as const;

function rsaTemplate(attributes: number, authPolicy: Buffer): TpmtPublic {
  return {
    type: algorithms.rsa,
    nameAlg: algorithms.sha256,
    objectAttributes: attributes,
    authPolicy,
    parameters: { symmetric: aes128Cfb, scheme: noScheme, keyBits: 2048, exponent: 0 },
    unique: empty,
  };
}

function eccTemplate(attributes: number, authPolicy: Buffer): TpmtPublic {
  return {
    type: algorithms.ecc,
    nameAlg: algorithms.sha256,
    objectAttributes: attributes,
    authPolicy,
    parameters: { symmetric: aes128Cfb, scheme: noScheme, curveId: curves.nistP256, kdf: noScheme },
    unique: { x: empty, y: empty },
  };
}

/** The endorsement key as the Node, C and Java SDKs make it: an empty `unique` (tpm.ts, _ekTemplate). */
export const ekTemplate: TpmtPublic = rsaTemplate(endorsement, endorsementPolicy);
/** The storage root key as the Node SDK makes it (tpm.ts, _srkTemplate). */
export const srkTemplate: TpmtPublic = rsaTemplate(storageRoot, empty);
/**
 * The endorsement key as C# and IoT Edge make it, and as EK certificates are issued for: `unique` is 256 zero bytes
 * (TCG EK Credential Profile, template L-1). On the same TPM it is a different key than that of {@link ekTemplate}.
 */
export const paddedEkTemplate: TpmtPublic = {
  ...rsaTemplate(endorsement, endorsementPolicy),
  type: algorithms.rsa,
  parameters: { symmetric: aes128Cfb, scheme: noScheme, keyBits: 2048, exponent: 0 },
  unique: Buffer.alloc(256),
};
/** A key that signs quotes and nothing else: restricted, RSASSA with SHA-256. */
export const attestationKeyTemplate: TpmtPublic = {
  type: algorithms.rsa,
  nameAlg: algorithms.sha256,
  objectAttributes: (storage & ~objectAttributes.decrypt) | objectAttributes.sign | objectAttributes.userWithAuth,
  authPolicy: empty,
  parameters: {
    symmetric: { algorithm: algorithms.null },
    scheme: { scheme: algorithms.rsassa, hashAlg: algorithms.sha256 },
    keyBits: 2048,
    exponent: 0,
  },
  unique: empty,
};
/** P-256 keys in the same roles: an extension, for fleets that cannot wait for RSA keys. No SDK makes these itself. */
export const eccEkTemplate: TpmtPublic = eccTemplate(endorsement, endorsementPolicy);
export const eccSrkTemplate: TpmtPublic = eccTemplate(storageRoot, empty);

/** The hierarchy and the template of a primary key. */
export interface PrimaryTemplate {
  readonly hierarchy: number;
  readonly template: TpmtPublic;
}

/** The primary keys that a DPS device needs, in the order in which the Node SDK asks for them. */
export const devicePrimaries: readonly PrimaryTemplate[] = [
  { hierarchy: hierarchies.endorsement, template: ekTemplate },
  { hierarchy: hierarchies.owner, template: srkTemplate },
];
export const eccDevicePrimaries: readonly PrimaryTemplate[] = [
  { hierarchy: hierarchies.endorsement, template: eccEkTemplate },
  { hierarchy: hierarchies.owner, template: eccSrkTemplate },
];

const base32 = "abcdefghijklmnopqrstuvwxyz234567";

/**
 * The registration id that the SDKs use when the application sets no id (tpm.ts, getRegistrationId): base32 of SHA-256,
 * lower case, no padding, 52 characters.
 * @param endorsementKey TPM2B_PUBLIC, length prefix included
 */
export function registrationIdOf(endorsementKey: Uint8Array): string {
  const bits = [...createHash("sha256").update(endorsementKey).digest()]
    .map((byte) => byte.toString(2).padStart(8, "0"))
    .join("");
  const groups = bits.match(/.{1,5}/g) ?? [];
  return groups.map((group) => base32.charAt(Number.parseInt(group.padEnd(5, "0"), 2))).join("");
}
