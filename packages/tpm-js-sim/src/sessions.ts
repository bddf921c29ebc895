import { timingSafeEqual } from "node:crypto";
import { u8, u32 } from "./codec.js";
import type { Command, Entity, HandleSpec } from "./command.js";
import { digest, hmac } from "./crypto.js";
import type { Session, TpmMemory } from "./state.js";
import type { TpmsAuthCommand, TpmsAuthResponse } from "./structures.js";
import { has, nvAttributes, objectAttributes, sessionAttributes } from "./tables/attributes.js";
import { hierarchies, passwordSession } from "./tables/handles.js";
import { responseCodes } from "./tables/response-codes.js";
import { session as sessionPlace, TpmError } from "./tpm-error.js";

// Part 1, clause 19 (authorizations) and Part 3, SessionProcess in the reference implementation.

/** One authorization of a command, checked. */
export interface Granted {
  readonly sent: TpmsAuthCommand;
  /** undefined for a password */
  readonly session: Session | undefined;
  /**
   * What its HMACs are made with now: sessions are unsalted and unbound, so that is the entity's auth value or nothing.
   * The response of a command that changes the auth value is authorized with the new one.
   */
  hmacKey(): Buffer;
}

/** A command as far as authorization looks at it. */
export interface Authorizing {
  readonly memory: TpmMemory;
  readonly row: Command;
  readonly entities: readonly Entity[];
  readonly sent: readonly TpmsAuthCommand[];
  readonly parameters: Buffer;
}

const nothing = Buffer.alloc(0);

/** Auth values are compared without trailing zeros (Part 1, "Authorization Values"). */
export function trimmed(auth: Buffer): Buffer {
  let length = auth.length;
  while (length > 0 && auth[length - 1] === 0) length -= 1;
  return auth.subarray(0, length);
}

function same(left: Buffer, right: Buffer): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}

function sessionOf(memory: TpmMemory, sent: TpmsAuthCommand, number: number): Session | undefined {
  const isPassword = sent.sessionHandle === passwordSession;
  const session = memory.sessions.get(sent.sessionHandle);
  const code = responseCodes.referenceSession + number - 1;
  if (!isPassword && session === undefined) throw new TpmError("referenceSession", undefined, { code });
  // A password may have no other, and of a session's this TPM does neither audit nor parameter encryption:
  // to answer as if it did would be worse.
  if (has(sent.attributes, ~sessionAttributes.continueSession)) throw new TpmError("attributes", sessionPlace(number));
  return session;
}

function authValueOf(memory: TpmMemory, entity: Entity): Buffer {
  if (entity.is === "key") return entity.key.authValue;
  if (entity.is === "sequence") return entity.sequence.authValue;
  if (entity.is === "nv") return entity.nv.authValue;
  return memory.authValues.get(entity.handle) ?? nothing;
}

function policyOf(entity: Entity): Buffer {
  if (entity.is === "nv") return entity.nv.publicArea.authPolicy;
  return entity.is === "key" ? entity.key.publicArea.authPolicy : nothing;
}

/** Which bits of an NV index a command needs, for its auth value and for its policy. */
function nvRight({ name }: Command): { readonly auth: number; readonly policy: number } {
  return name === "NV_Write"
    ? { auth: nvAttributes.authWrite, policy: nvAttributes.policyWrite }
    : { auth: nvAttributes.authRead, policy: nvAttributes.policyRead };
}

/** Whether the auth value alone opens an entity in a role (Part 1, table "Authorization role"). */
function authValueSuffices(entity: Entity, role: HandleSpec["role"], row: Command): boolean {
  if (entity.is === "nv") return has(entity.nv.publicArea.attributes, nvRight(row).auth);
  if (entity.is !== "key") return true;
  const bits = entity.key.publicArea.objectAttributes;
  return role === "admin" ? !has(bits, objectAttributes.adminWithPolicy) : has(bits, objectAttributes.userWithAuth);
}

/** Whether wrong auth values of an entity are counted. */
function isProtected(entity: Entity): boolean {
  if (entity.is === "key") return !has(entity.key.publicArea.objectAttributes, objectAttributes.noDa);
  return entity.is === "nv" && !has(entity.nv.publicArea.attributes, nvAttributes.noDa);
}

/** @throws TpmError TPM_RC_LOCKOUT when the entity's auth value may not be tried now */
function checkLockout({ memory }: Authorizing, entity: Entity): void {
  if (isProtected(entity)) memory.lockout.check();
  if (entity.handle === hierarchies.lockout) memory.lockout.checkOwn();
}

/** A wrong auth value counts against the lockout only where the object is protected by it; which of the two codes tells which. */
function wrongAuth({ memory }: Authorizing, entity: Entity, number: number): TpmError {
  const own = entity.handle === hierarchies.lockout;
  if (own) memory.lockout.failOwn();
  if (isProtected(entity)) memory.lockout.fail();
  return new TpmError(own || isProtected(entity) ? "authFail" : "badAuth", sessionPlace(number));
}

function cpHash({ row, entities, parameters }: Authorizing, hashAlg: number): Buffer {
  return digest(hashAlg, u32.encode(row.code), ...entities.map(({ name }) => name), parameters);
}

function commandHmac(asked: Authorizing, session: Session, sent: TpmsAuthCommand, key: Buffer): Buffer {
  const hash = cpHash(asked, session.hashAlg);
  return hmac(session.hashAlg, key, hash, sent.nonce, session.nonceTpm, u8.encode(sent.attributes));
}

function checkPolicy(asked: Authorizing, session: Session, spec: HandleSpec, entity: Entity, number: number): void {
  const failed = new TpmError("policyFail", sessionPlace(number));
  const policy = policyOf(entity);
  if (entity.is === "nv" && !has(entity.nv.publicArea.attributes, nvRight(asked.row).policy)) {
    throw new TpmError("authUnavailable");
  }
  if (policy.length === 0 || !same(session.policyDigest, policy)) throw failed;
  if (session.commandCode !== undefined && session.commandCode !== asked.row.code) throw failed;
  if (spec.role === "admin" && session.commandCode === undefined) throw failed;
  if (session.pcrCounter !== undefined && session.pcrCounter !== asked.memory.pcrCounter) {
    throw new TpmError("pcrChanged");
  }
  if (session.cpHash !== undefined && !same(session.cpHash, cpHash(asked, session.hashAlg))) throw failed;
}

/** Whether this authorization is the entity's auth value in the clear: a password, or a policy that wants one. */
function comparesAuthValue(session: Session | undefined): boolean {
  return session === undefined || session.wants === "password";
}

/** What the HMAC is made with. A policy that does not ask for the auth value leaves it with an empty key. */
function hmacKeyOf(session: Session, authValue: Buffer): Buffer {
  return session.type === "policy" && session.wants !== "authValue" ? nothing : authValue;
}

function grant(asked: Authorizing, spec: HandleSpec, entity: Entity, index: number): Granted {
  const number = index + 1;
  const sent = asked.sent[index];
  if (sent === undefined) throw new TpmError("authMissing");
  const session = sessionOf(asked.memory, sent, number);
  const authValue = trimmed(authValueOf(asked.memory, entity));
  if (session?.type === "trial") throw new TpmError("attributes", sessionPlace(number));
  if (session?.type === "policy") checkPolicy(asked, session, spec, entity, number);
  else if (!authValueSuffices(entity, spec.role, asked.row)) throw new TpmError("authUnavailable");
  if (session?.type !== "policy" || session.wants !== "nothing") checkLockout(asked, entity);
  if (session === undefined || comparesAuthValue(session)) {
    if (!same(trimmed(sent.hmac), authValue)) throw wrongAuth(asked, entity, number);
    return { sent, session, hmacKey: () => nothing };
  }
  const { wants } = session;
  const keyOf = (): Buffer => hmacKeyOf({ ...session, wants }, trimmed(authValueOf(asked.memory, entity)));
  const hmacKey = keyOf();
  // With an empty key it may be left out.
  const mayBeEmpty = hmacKey.length === 0 && sent.hmac.length === 0;
  if (!mayBeEmpty && !same(sent.hmac, commandHmac(asked, session, sent, hmacKey))) {
    throw wrongAuth(asked, entity, number);
  }
  return { sent, session, hmacKey: keyOf };
}

/**
 * Checks every authorization of a command.
 * @throws TpmError TPM_RC_AUTH_MISSING, TPM_RC_AUTH_UNAVAILABLE, TPM_RC_BAD_AUTH, TPM_RC_AUTH_FAIL, TPM_RC_POLICY_FAIL …
 */
export function authorize(asked: Authorizing): readonly Granted[] {
  const { row, entities, sent } = asked;
  if (sent.length > 0 && row.sessions === "forbidden") throw new TpmError("authContext");
  const needed = row.handles.flatMap((spec, index) => {
    const entity = entities[index];
    return spec.role === "none" || entity === undefined ? [] : [{ spec, entity }];
  });
  const extra = sent[needed.length];
  // A session beyond those is for encryption or audit, which this TPM does not do, and a password is good for neither.
  if (extra?.sessionHandle === passwordSession) throw new TpmError("handle", sessionPlace(needed.length + 1));
  if (extra !== undefined) throw new TpmError("attributes", sessionPlace(needed.length + 1));
  return needed.map(({ spec, entity }, index) => grant(asked, spec, entity, index));
}

interface Answered {
  readonly memory: TpmMemory;
  readonly row: Command;
  readonly parameters: Buffer;
}

function answer({ memory, row, parameters }: Answered, { sent, session, hmacKey: keyNow }: Granted): TpmsAuthResponse {
  const { continueSession } = sessionAttributes;
  if (session === undefined) return { nonce: nothing, attributes: continueSession, hmac: nothing };
  const attributes = sent.attributes & continueSession;
  const hmacKey = keyNow();
  session.nonceTpm = memory.random(session.nonceTpm.length);
  if (attributes === 0) memory.sessions.delete(sent.sessionHandle);
  const withHmac = !comparesAuthValue(session) && (hmacKey.length > 0 || sent.hmac.length > 0);
  // An authorization uses the policy up (Part 1, "Policy Session Use").
  if (session.type === "policy") resetPolicy(session);
  const { hashAlg, nonceTpm: nonce } = session;
  const rpHash = digest(hashAlg, u32.encode(responseCodes.success), u32.encode(row.code), parameters);
  const mac = withHmac ? hmac(hashAlg, hmacKey, rpHash, nonce, sent.nonce, u8.encode(attributes)) : nothing;
  return { nonce, attributes, hmac: mac };
}

/** Takes a policy session back to where it began. */
export function resetPolicy(session: Session): void {
  session.policyDigest = Buffer.alloc(session.policyDigest.length);
  session.cpHash = undefined;
  session.commandCode = undefined;
  session.wants = "nothing";
  session.pcrCounter = undefined;
}

/** The sessions' part of a successful response: new nonces, HMACs, and the end of sessions that are not to continue. */
export function answerSessions(answered: Answered, granted: readonly Granted[]): readonly TpmsAuthResponse[] {
  return granted.map((each) => answer(answered, each));
}
