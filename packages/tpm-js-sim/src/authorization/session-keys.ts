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

/** The input for a new session. */
export interface SessionInput {
  readonly type: Session["type"];
  readonly hashAlg: number;
  readonly symmetric: TpmtSymDef;
  readonly nonceTpm: Buffer;
  readonly nonceCaller: Buffer;
  /** the NULL hierarchy when the session is not bound */
  readonly bind: Entity;
  /** empty when the session is not salted */
  readonly salt: Buffer;
}

/** The Name and the auth value of the entity that a session is bound to: a new auth value ends the binding. */
function bindingOf(memory: TpmMemory, entity: Entity): Buffer {
  return Buffer.concat([entity.name, authValueOf(memory, entity)]);
}

/** Whether the session's key already contains this entity's auth value. */
export function isBoundTo(memory: TpmMemory, session: Session, entity: Entity): boolean {
  return session.bound?.equals(bindingOf(memory, entity)) ?? false;
}

function countsFor(bind: Entity): Session["countsFor"] {
  if (isLockout(bind)) return "lockout";
  return isProtected(bind) ? "object" : "nothing";
}

/** A new session. Only an HMAC session is bound, but a policy session's key is computed in the same way. */
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

/** The input for the parameter encryption of one command or response. */
export interface ParameterCipher {
  readonly session: Pick<Session, "hashAlg" | "symmetric" | "sessionKey">;
  /** of the entity that the session authorizes, bound or not; empty when it authorizes none */
  readonly authValue: Buffer;
  /** nonce of the sender: the caller's with a command, the TPM's with a response */
  readonly nonceNewer: Buffer;
  readonly nonceOlder: Buffer;
}

/**
 * Encrypts or decrypts the content of a first parameter, without its length: AES-CFB with a derived key and IV, or XOR
 * with a derived mask. A session whose algorithm is NULL cannot encrypt.
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
