import { timingSafeEqual } from "node:crypto";
import { digest, hmac } from "../crypto/crypto.js";
import { uptime } from "../memory/clock.js";
import type { Command, Entity, HandleSpec } from "../memory/command.js";
import type { Session, TpmMemory } from "../memory/state.js";
import { has, nvAttributes, sessionAttributes } from "../tables/attributes.js";
import { Reader, u8, u16, u32 } from "../wire/codec.js";
import { type Place, session as sessionPlace, TpmError } from "../wire/tpm-error.js";
import {
  authValueOf,
  authValueSuffices,
  isLockout,
  isProtected,
  needsPolicy,
  policyOf,
  trimmed,
} from "./entity-auth.js";
import { type SentSession, sessionThat } from "./session-area.js";
import { cipherParameter, isBoundTo } from "./session-keys.js";

// Part 1, clause 19 (authorizations); ParseSessionBuffer in the reference implementation, whose order is kept.

/** A session or password of a command, checked. */
export interface Granted extends SentSession {
  /** the entity that it authorizes; undefined when it only encrypts or audits */
  readonly entity: Entity | undefined;
  /**
   * whether the key of its HMACs includes the entity's auth value. If the command changes that value, the response uses
   * the new one
   */
  readonly includesAuth: boolean;
}

/** The parts of a command that authorization needs. */
export interface Authorizing {
  readonly memory: TpmMemory;
  readonly row: Command;
  readonly entities: readonly Entity[];
  readonly sessions: readonly SentSession[];
  /** as received: the first parameter may be encrypted */
  readonly parameters: Buffer;
}

/** The result for a command that may run. */
export interface Authorized {
  readonly granted: readonly Granted[];
  /** in the clear */
  readonly parameters: Buffer;
  /** for the session that audits the command, if one does */
  readonly auditedCpHash: Buffer | undefined;
}

function same(left: Buffer, right: Buffer): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}

function cpHash({ row, entities, parameters }: Authorizing, hashAlg: number): Buffer {
  return digest(hashAlg, u32.encode(row.code), ...entities.map(({ name }) => name), parameters);
}

/** The key of a session's HMACs. */
export function hmacKeyOf(memory: TpmMemory, session: Session, { entity, includesAuth }: Granted): Buffer {
  if (!includesAuth || entity === undefined) return session.sessionKey;
  return Buffer.concat([session.sessionKey, authValueOf(memory, entity)]);
}

/** @throws TpmError TPM_RC_LOCKOUT when the entity's auth value may not be tried now */
function checkLockout(memory: TpmMemory, entity: Entity): void {
  if (isProtected(entity)) memory.lockout.check();
  if (isLockout(entity)) memory.lockout.checkOwn();
}

/** While the lockout is on, a session that is bound to a protected entity is refused too. */
function checkBoundLockout(memory: TpmMemory, session: Session): void {
  if (session.countsFor === "object") memory.lockout.check();
  if (session.countsFor === "lockout") memory.lockout.checkOwn();
}

/**
 * A wrong auth value counts only where the lockout protects it: TPM_RC_AUTH_FAIL if it counted, TPM_RC_BAD_AUTH if not.
 */
function wrongAuth(memory: TpmMemory, { session, entity, includesAuth, number }: Granted): TpmError {
  const place = sessionPlace(number);
  const bound = session?.countsFor ?? "nothing";
  const own = bound === "lockout" || (entity !== undefined && isLockout(entity));
  const guarded = own || (entity !== undefined && isProtected(entity));
  if (bound === "nothing" && (!guarded || !includesAuth)) return new TpmError("badAuth", place);
  if (own) memory.lockout.failOwn();
  else memory.lockout.fail();
  return new TpmError("authFail", place);
}

/** Checks that the policy still holds: no PCR has changed, and it has not expired. */
function checkStillValid(memory: TpmMemory, { pcrCounter, expiresAt }: Session, place: Place): void {
  if (pcrCounter !== undefined && pcrCounter !== memory.pcrCounter) throw new TpmError("pcrChanged");
  if (expiresAt !== undefined && expiresAt < uptime(memory)) throw new TpmError("expired", place);
}

function checkPolicy(asked: Authorizing, session: Session, spec: HandleSpec, entity: Entity, place: Place): void {
  const { memory, row } = asked;
  const policy = policyOf(memory, entity, spec.role, row);
  if (policy === undefined) throw new TpmError("authUnavailable");
  // Without an auth value or a password, PolicySecret would prove nothing that its own policy had not proved.
  if (row.name === "PolicySecret" && session.wants === "nothing") throw new TpmError("mode", place);
  checkStillValid(memory, session, place);
  const failed = new TpmError("policyFail", place);
  if (!same(session.policyDigest, policy.digest) || session.hashAlg !== policy.hashAlg) throw failed;
  if (session.commandCode !== undefined && session.commandCode !== row.code) throw new TpmError("policyCc", place);
  if (spec.role !== "user" && session.commandCode === undefined) throw failed;
  checkPlace(session, place);
  if (session.pinned !== undefined && !same(session.pinned.digest, pinnedDigest(asked, session))) throw failed;
  if (!suitsWritten(session, entity)) throw failed;
}

/** Checks PolicyNvWritten: the index must, or must not, have been written. */
function suitsWritten({ nvWritten }: Session, entity: Entity): boolean {
  if (nvWritten === undefined) return true;
  return entity.is === "nv" && has(entity.nv.publicArea.attributes, nvAttributes.written) === nvWritten;
}

/**
 * Checks PolicyLocality and PolicyPhysicalPresence: commands come at locality 0 here, and presence is never asserted.
 */
function checkPlace({ locality, presence }: Session, place: Place): void {
  if (locality !== undefined && (locality > 31 || !has(locality, 1))) throw new TpmError("locality");
  if (presence) throw new TpmError("pp", place);
}

const creators: readonly string[] = ["CreatePrimary", "Create", "CreateLoaded"];

/** The digest of this command that must equal the policy's pinned digest. */
function pinnedDigest(asked: Authorizing, { pinned, hashAlg }: Session): Buffer {
  if (pinned?.to === "nameHash") return digest(hashAlg, ...asked.entities.map(({ name }) => name));
  if (pinned?.to !== "template") return cpHash(asked, hashAlg);
  if (!creators.includes(asked.row.name)) return Buffer.alloc(0);
  // The template is the second parameter. The first can be skipped even when it is encrypted, since its length is not.
  const reader = new Reader(asked.parameters);
  reader.take(u16.read(reader));
  return digest(hashAlg, reader.take(u16.read(reader)));
}

/**
 * Nonces of the sessions that decrypt and encrypt. The first session's HMAC covers them when it authorizes, so that
 * nobody can remove those sessions.
 */
function otherNonces({ sessions }: Authorizing, { number, entity }: Granted): readonly Buffer[] {
  if (number !== 1 || entity === undefined) return [];
  const [decrypting, encrypting] = [sessionThat("decrypt", sessions), sessionThat("encrypt", sessions)];
  const others = new Set([decrypting?.session, encrypting?.session]);
  others.delete(sessions[0]?.session);
  return [...others].flatMap((session) => (session === undefined ? [] : [session.nonceTpm]));
}

function checkHmac(asked: Authorizing, session: Session, granted: Granted): void {
  const { sent } = granted;
  const key = hmacKeyOf(asked.memory, session, granted);
  // With an empty key the HMAC may be left out.
  if (key.length === 0 && sent.hmac.length === 0) return;
  const nonces = [sent.nonce, session.nonceTpm, ...otherNonces(asked, granted)];
  const attributes = u8.encode(sent.attributes);
  const expected = hmac(session.hashAlg, key, cpHash(asked, session.hashAlg), ...nonces, attributes);
  if (!same(sent.hmac, expected)) throw wrongAuth(asked.memory, granted);
}

function includesAuth(memory: TpmMemory, session: Session | undefined, entity: Entity): boolean {
  if (session === undefined) return true;
  if (session.type === "policy") return session.wants !== "nothing";
  return !isBoundTo(memory, session, entity);
}

function grantEntity(asked: Authorizing, each: SentSession, spec: HandleSpec, entity: Entity): Granted {
  const { memory, row } = asked;
  const { session, sent } = each;
  const granted = { ...each, entity, includesAuth: includesAuth(memory, session, entity) };
  if (granted.includesAuth) checkLockout(memory, entity);
  if (session?.type === "policy") checkPolicy(asked, session, spec, entity, sessionPlace(each.number));
  else if (needsPolicy(entity, spec.role)) throw new TpmError("authType");
  else if (!authValueSuffices(entity, spec.role, row)) throw new TpmError("authUnavailable");
  if (session !== undefined && session.wants !== "password") checkHmac(asked, session, granted);
  else if (!same(trimmed(sent.hmac), authValueOf(memory, entity))) throw wrongAuth(memory, granted);
  return granted;
}

const otherUses = sessionAttributes.decrypt | sessionAttributes.encrypt | sessionAttributes.audit;

/** A session after those that authorize: it must decrypt, encrypt or audit. */
function grantOther(asked: Authorizing, each: SentSession): Granted {
  const { session, sent, number } = each;
  if (session === undefined) throw new TpmError("handle", sessionPlace(number));
  if (!has(sent.attributes, otherUses)) throw new TpmError("attributes", sessionPlace(number));
  const granted = { ...each, entity: undefined, includesAuth: false };
  checkHmac(asked, session, granted);
  return granted;
}

interface Needed {
  readonly spec: HandleSpec;
  readonly entity: Entity;
}

function grant(asked: Authorizing, each: SentSession, needed: Needed | undefined): Granted {
  if (each.session?.type === "trial") throw new TpmError("attributes", sessionPlace(each.number));
  if (each.session !== undefined) checkBoundLockout(asked.memory, each.session);
  return needed === undefined ? grantOther(asked, each) : grantEntity(asked, each, needed.spec, needed.entity);
}

/** Decrypts the first parameter. A fault in it blames the session. */
function decrypted({ memory, parameters }: Authorizing, granted: readonly Granted[]): Buffer {
  const found = sessionThat("decrypt", granted);
  if (found === undefined) return parameters;
  const { session, sent, entity, number } = found;
  if (parameters.length < 2) throw new TpmError("insufficient", sessionPlace(number));
  const size = parameters.readUInt16BE(0);
  if (size > parameters.length - 2) throw new TpmError("size", sessionPlace(number));
  const authValue = entity === undefined ? Buffer.alloc(0) : authValueOf(memory, entity);
  const cipher = { session, authValue, nonceNewer: sent.nonce, nonceOlder: session.nonceTpm };
  const content = cipherParameter("decrypt", cipher, parameters.subarray(2, 2 + size));
  return Buffer.concat([u16.encode(size), content, parameters.subarray(2 + size)]);
}

/**
 * Checks every session of a command and decrypts its first parameter.
 * @throws TpmError TPM_RC_AUTH_MISSING, TPM_RC_AUTH_UNAVAILABLE, TPM_RC_BAD_AUTH, TPM_RC_AUTH_FAIL, TPM_RC_POLICY_FAIL
 * …
 */
export function authorize(asked: Authorizing): Authorized {
  const { row, entities, sessions } = asked;
  const needed = row.handles.flatMap((spec, index) => {
    const entity = entities[index];
    return spec.role === "none" || entity === undefined ? [] : [{ spec, entity }];
  });
  if (needed.length > sessions.length) throw new TpmError("authMissing");
  const granted = sessions.map((each, index) => grant(asked, each, needed[index]));
  const audited = sessionThat("audit", granted);
  return {
    granted,
    parameters: decrypted(asked, granted),
    auditedCpHash: audited && cpHash(asked, audited.session.hashAlg),
  };
}

/** Resets a policy session to its start. */
export function resetPolicy(session: Session): void {
  session.policyDigest = Buffer.alloc(session.policyDigest.length);
  session.pinned = undefined;
  session.commandCode = undefined;
  session.wants = "nothing";
  session.pcrCounter = undefined;
  session.locality = undefined;
  session.presence = false;
  session.nvWritten = undefined;
  session.expiresAt = undefined;
}
