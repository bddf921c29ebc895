import { proofOf } from "../authorization/tickets.js";
import { hmac } from "../crypto/crypto.js";
import { publicAreaName, type TpmKey } from "../keys/keys.js";
import { privateBytes, secretFromBytes } from "../keys/private-key-bytes.js";
import type { Session, TpmMemory } from "../memory/state.js";
import { algorithms } from "../tables/algorithms.js";
import { type Codec, decode, type Infer, sized, struct, u8, u16, u32, u64 } from "../wire/codec.js";
import { Tpm2bDigest, Tpm2bName, Tpm2bPublic, TpmtSymDef } from "../wire/structures.js";
import { TpmError } from "../wire/tpm-error.js";

// Part 1, clause 30 (contexts). Only this TPM reads the blob: `2B(HMAC) ‖ content`, in the clear, since nothing here is
// secret.

const secretKinds = ["rsa", "ecc", "hmac", "sym", "none"] as const;
const sessionTypes = ["hmac", "policy", "trial"] as const;
const guards = ["nothing", "object", "lockout"] as const;
const wants = ["nothing", "authValue", "password"] as const;
const pins = ["cpHash", "nameHash", "template", "cpHashAndTemplate"] as const;

/** A name out of a list, encoded as its index. */
function oneOf<const T extends readonly string[]>(names: T): Codec<T[number]> {
  return {
    read: (reader) => {
      const name = names[u8.read(reader)];
      if (name === undefined) throw new TpmError("value");
      return name;
    },
    encode: (name) => u8.encode(names.indexOf(name)),
  };
}

const KeyContext = struct({
  publicArea: Tpm2bPublic,
  qualifiedName: Tpm2bName,
  hierarchy: u32,
  authValue: Tpm2bDigest,
  seedValue: Tpm2bDigest,
  kind: oneOf(secretKinds),
  secret: sized(1400),
});

/** A value that may be absent, after a byte that says whether it follows. */
function optional<T>(codec: Codec<T>): Codec<T | undefined> {
  return {
    read: (reader) => (u8.read(reader) === 0 ? undefined : codec.read(reader)),
    encode: (value) => (value === undefined ? u8.encode(0) : Buffer.concat([u8.encode(1), codec.encode(value)])),
  };
}
const truth: Codec<boolean> = { read: (reader) => u8.read(reader) === 1, encode: (value) => u8.encode(value ? 1 : 0) };

const SessionContext = struct({
  type: oneOf(sessionTypes),
  hashAlg: u16,
  symmetric: TpmtSymDef,
  sessionKey: Tpm2bDigest,
  bound: optional(sized(130)),
  countsFor: oneOf(guards),
  auditDigest: optional(Tpm2bDigest),
  nonceTpm: Tpm2bDigest,
  policyDigest: Tpm2bDigest,
  pinned: optional(struct({ to: oneOf(pins), digest: Tpm2bDigest })),
  commandCode: optional(u32),
  wants: oneOf(wants),
  pcrCounter: optional(u32),
  locality: optional(u8),
  presence: truth,
  nvWritten: optional(truth),
  startedAt: u64,
  expiresAt: optional(u64),
});

export function encodeKey(key: TpmKey): Buffer {
  return KeyContext.encode({ ...key, kind: key.secret.kind, secret: privateBytes(key.secret) });
}

export function decodeKey(bytes: Buffer): TpmKey {
  const { publicArea, qualifiedName, hierarchy, authValue, seedValue, kind, secret } = decode(KeyContext, bytes);
  const name = publicAreaName(publicArea);
  return {
    is: "key",
    publicArea,
    name,
    qualifiedName,
    hierarchy,
    authValue,
    seedValue,
    secret: secretFromBytes(kind, secret),
  };
}

export function encodeSession(session: Session): Buffer {
  return SessionContext.encode(session);
}

export function decodeSession(bytes: Buffer): Session {
  const read: Infer<typeof SessionContext> = decode(SessionContext, bytes);
  return { ...read };
}

/** The values that a context is bound to, besides its content. */
export interface ContextHead {
  readonly sequence: bigint;
  readonly savedHandle: number;
  readonly hierarchy: number;
}

/** The HMAC of a context. It covers the count of resets, so that no context is valid after a reset. */
export function contextIntegrity(memory: TpmMemory, head: ContextHead, content: Buffer): Buffer {
  const { sequence, savedHandle, hierarchy } = head;
  const bound = Buffer.alloc(20);
  bound.writeBigUInt64BE(sequence);
  bound.writeUInt32BE(savedHandle, 8);
  bound.writeUInt32BE(hierarchy, 12);
  bound.writeUInt32BE(memory.resetCount, 16);
  return hmac(algorithms.sha256, proofOf(memory, hierarchy), Buffer.from("context"), bound, content);
}
