import { createCipheriv, createHash, createHmac, publicEncrypt } from "node:crypto";
import { encodeAuthenticationKey, keyName, parseTpm2bPublic } from "tpm-js-sim/credential";

/** Deliberate faults in an authentication key whose wrappers are valid. */
export interface Forgery {
  readonly endorsementKey: Buffer;
  readonly storageRootKey: Buffer;
  readonly attributes?: number;
  readonly policy?: Buffer;
  /** hexadecimal */
  readonly scheme?: string;
  readonly unique?: Buffer;
  readonly sensitiveType?: number;
  readonly authValue?: Buffer;
  readonly key?: Buffer;
  readonly innerWrapKey?: Buffer;
}

// Written only from attestation.md#identity-key, without our package's code, as a second opinion.
const u16 = (value: number): Buffer => Buffer.of(value >> 8, value & 0xff);
const u32 = (value: number): Buffer => Buffer.concat([u16(value >>> 16), u16(value & 0xffff)]);
const sized = (bytes: Buffer): Buffer => Buffer.concat([u16(bytes.length), bytes]);
const sha256 = (...parts: readonly Buffer[]): Buffer => createHash("sha256").update(Buffer.concat(parts)).digest();
const hmac = (key: Buffer, ...parts: readonly Buffer[]): Buffer =>
  createHmac("sha256", key).update(Buffer.concat(parts)).digest();

function kdfa(key: Buffer, label: string, context: Buffer, bits: number): Buffer {
  return hmac(key, u32(1), Buffer.from(`${label}\0`), context, u32(bits)).subarray(0, bits / 8);
}

function cfb(key: Buffer, plain: Buffer): Buffer {
  if (key.length === 0) return plain;
  return createCipheriv(`aes-${key.length * 8}-cfb`, key, Buffer.alloc(16)).update(plain);
}

function wrap(seed: Buffer, name: Buffer, plain: Buffer): Buffer {
  const encrypted = cfb(kdfa(seed, "STORAGE", name, 128), plain);
  const integrity = hmac(kdfa(seed, "INTEGRITY", Buffer.alloc(0), 256), encrypted, name);
  return Buffer.concat([sized(integrity), encrypted]);
}

function send(recipient: Buffer, label: string, seed: Buffer): Buffer {
  const parsed = parseTpm2bPublic(recipient);
  if (parsed.kind !== "usable") throw new Error("the key cannot receive a secret");
  const key = parsed.keyObject;
  return publicEncrypt({ key, oaepHash: "sha256", oaepLabel: Buffer.from(`${label}\0`) }, seed);
}

/** An authentication key that is valid except for the given faults. */
export function forgeAuthenticationKey(forgery: Forgery): Buffer {
  const { endorsementKey, storageRootKey, attributes = 0x00040440, policy = Buffer.alloc(32, 1) } = forgery;
  const { key = Buffer.alloc(32, 3), innerWrapKey = Buffer.alloc(16, 2), authValue = Buffer.alloc(0) } = forgery;
  const seedValue = Buffer.alloc(32, 4);
  const unique = forgery.unique ?? sha256(seedValue, key);
  const scheme = Buffer.from(forgery.scheme ?? "0005000b", "hex");
  const head = Buffer.concat([u16(0x0008), u16(0x000b), u32(attributes), sized(policy)]);
  const publicArea = Buffer.concat([head, scheme, sized(unique)]);
  const name = Buffer.concat([u16(0x000b), sha256(publicArea)]);
  const type = u16(forgery.sensitiveType ?? 0x0008);
  const sensitive = sized(Buffer.concat([type, sized(authValue), sized(seedValue), sized(key)]));
  const withInner = innerWrapKey.length > 0;
  const inner = withInner ? cfb(innerWrapKey, Buffer.concat([sized(sha256(sensitive, name)), sensitive])) : sensitive;
  const [duplicateSeed, credentialSeed] = [Buffer.alloc(32, 5), Buffer.alloc(32, 6)];
  return encodeAuthenticationKey({
    idObject: wrap(credentialSeed, keyName(storageRootKey), sized(innerWrapKey)),
    encSecret: send(endorsementKey, "IDENTITY", credentialSeed),
    duplicate: wrap(duplicateSeed, name, inner),
    encWrapKey: send(storageRootKey, "DUPLICATE", duplicateSeed),
    publicArea,
    encUriData: Buffer.alloc(0),
  });
}
