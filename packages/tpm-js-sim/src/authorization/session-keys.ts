import { cfbDecrypt, cfbEncrypt, kdfa } from "../crypto/crypto.js";
import { uptime } from "../memory/clock.js";
import type { Entity } from "../memory/command.js";
import type { Session, TpmMemory } from "../memory/state.js";
import { algorithms } from "../tables/algorithms.js";
import { hierarchies } from "../tables/handles.js";
import { hashOf } from "../wire/hashes.js";
import type { TpmtSymDef } from "../wire/structures.js";
import { authValueOf, isLockout, isProtected } from "./entity-auth.js";

// Part 1, clauses "Session-based authorizations" and "Session-based encryption".

/** What a new session is made of. */
export interface SessionInput {
  readonly type: Session["type"];
  readonly hashAlg: number;
  readonly symmetric: TpmtSymDef;
  readonly nonceTpm: Buffer;
  readonly nonceCaller: Buffer;
  /** the NULL hierarchy for none */
  readonly bind: Entity;
  /** empty for none */
  readonly salt: Buffer;
}

/** What a bound session remembers of its entity: a new auth value undoes the binding. */
function bindingOf(memory: TpmMemory, entity: Entity): Buffer {
  return Buffer.concat([entity.name, authValueOf(memory, entity)]);
}

/** Whether the session's key has this entity's auth value in it already. */
export function isBoundTo(memory: TpmMemory, session: Session, entity: Entity): boolean {
  return session.bound?.equals(bindingOf(memory, entity)) ?? false;
}

function countsFor(bind: Entity): Session["countsFor"] {
  if (isLockout(bind)) return "lockout";
  return isProtected(bind) ? "object" : "nothing";
}

/** A session at its start; only an HMAC session is bound, but a policy session's key comes about in the same way. */
export function newSession(memory: TpmMemory, input: SessionInput): Session {
  const { type, hashAlg, symmetric, nonceTpm, nonceCaller, bind, salt } = input;
  const { digestSize } = hashOf(hashAlg);
  const isBound = bind.handle !== hierarchies.null;
  const key = Buffer.concat([isBound ? authValueOf(memory, bind) : Buffer.alloc(0), salt]);
  const bits = digestSize * 8;
  const sessionKey =
    isBound || salt.length > 0
      ? kdfa({ hashAlg, key, label: "ATH", contextU: nonceTpm, contextV: nonceCaller, bits })
      : Buffer.alloc(0);
  return {
    type,
    hashAlg,
    symmetric,
    sessionKey,
    bound: isBound && type === "hmac" ? bindingOf(memory, bind) : undefined,
    countsFor: countsFor(bind),
    auditDigest: undefined,
    nonceTpm,
    policyDigest: Buffer.alloc(digestSize),
    pinned: undefined,
    commandCode: undefined,
    wants: "nothing",
    pcrCounter: undefined,
    locality: undefined,
    presence: false,
    nvWritten: undefined,
    startedAt: uptime(memory),
    expiresAt: undefined,
  };
}

/** What the parameter encryption of one command or response is made with. */
export interface ParameterCipher {
  readonly session: Pick<Session, "hashAlg" | "symmetric" | "sessionKey">;
  /** of the entity that the session authorizes, bound or not; empty when it authorizes none */
  readonly authValue: Buffer;
  /** of who sends: the caller's with a command, the TPM's with a response */
  readonly nonceNewer: Buffer;
  readonly nonceOlder: Buffer;
}

/**
 * Encrypts or decrypts the content of a first parameter, its length left out: AES-CFB with a key and an IV of their own,
 * or XOR with a mask. A session whose algorithm is NULL has none.
 */
export function cipherParameter(how: "encrypt" | "decrypt", cipher: ParameterCipher, bytes: Buffer): Buffer {
  const { session, authValue, nonceNewer: contextU, nonceOlder: contextV } = cipher;
  const { hashAlg, symmetric } = session;
  const key = Buffer.concat([session.sessionKey, authValue]);
  if (symmetric.algorithm === algorithms.aes) {
    const bits = symmetric.keyBits + 128;
    const made = kdfa({ hashAlg, key, label: "CFB", contextU, contextV, bits });
    const run = how === "encrypt" ? cfbEncrypt : cfbDecrypt;
    return run(made.subarray(0, symmetric.keyBits / 8), bytes, made.subarray(symmetric.keyBits / 8));
  }
  const mask = kdfa({ hashAlg, key, label: "XOR", contextU, contextV, bits: bytes.length * 8 });
  return Buffer.from(bytes.map((byte, index) => byte ^ (mask[index] ?? 0)));
}
