import { digest } from "../crypto/crypto.js";
import { uptime } from "../memory/clock.js";
import type { PolicyPin, Session, TpmMemory } from "../memory/state.js";
import type { tags } from "../tables/tags.js";
import { u16, u32, u64 } from "../wire/codec.js";
import { type Place, TpmError } from "../wire/tpm-error.js";
import { makeTicket, nullTicket, type Ticket } from "./tickets.js";

// Common code of the policy commands (reference implementation, Policy_spt.c).

/** Part 1, PolicyUpdate(): extends a policy with a command. */
export function extendPolicy(session: Session, code: number, ...parts: readonly Buffer[]): void {
  session.policyDigest = digest(session.hashAlg, session.policyDigest, u32.encode(code), ...parts);
}

/** The same with a policyRef. It is hashed separately, so that it cannot pass for part of a Name. */
export function extendPolicyBy(session: Session, code: number, name: Buffer, policyRef: Buffer): void {
  extendPolicy(session, code, name);
  session.policyDigest = digest(session.hashAlg, session.policyDigest, policyRef);
}

/** Clears the digest: the policy goes on from an authorization that was given elsewhere. */
export function clearPolicyDigest(session: Session): void {
  session.policyDigest = Buffer.alloc(session.policyDigest.length);
}

/** The limits of an authorization that was given elsewhere. */
export interface Limits {
  /** empty for any session */
  readonly nonceTpm: Buffer;
  /** empty for any command */
  readonly cpHashA: Buffer;
  readonly policyRef: Buffer;
  /** time of the TPM in milliseconds; undefined when it never ends */
  readonly expiresAt: bigint | undefined;
}

/** Which parameters to blame. */
export interface LimitPlaces {
  readonly nonce: Place;
  readonly cpHash: Place;
  readonly expiration: Place;
}

/**
 * The TPM's time at which an authorization ends, in milliseconds (ComputeAuthTimeout).
 * @param expiration seconds; its sign only says whether a ticket is wanted. They count from the session's start where a
 * nonce ties the authorization to the session, else from the TPM's start
 */
export function expiryOf(
  memory: TpmMemory,
  session: Session,
  expiration: number,
  nonceTpm: Buffer,
): bigint | undefined {
  if (expiration === 0) return undefined;
  const milliseconds = BigInt(Math.abs(expiration)) * 1000n;
  // Part of a second is added so that it does not end too early: the caller knows whole seconds only.
  return nonceTpm.length === 0 ? milliseconds + (uptime(memory) % 1000n) : session.startedAt + milliseconds;
}

/** PolicyParameterChecks. @throws TpmError TPM_RC_NONCE, TPM_RC_EXPIRED, TPM_RC_SIZE, TPM_RC_CPHASH */
export function checkLimits(memory: TpmMemory, session: Session, limits: Limits, places: LimitPlaces): void {
  const { nonceTpm, cpHashA, expiresAt } = limits;
  if (nonceTpm.length > 0 && !nonceTpm.equals(session.nonceTpm)) throw new TpmError("nonce", places.nonce);
  if (expiresAt !== undefined && expiresAt < uptime(memory)) throw new TpmError("expired", places.expiration);
  if (cpHashA.length === 0) return;
  if (cpHashA.length !== session.policyDigest.length) throw new TpmError("size", places.cpHash);
  if (session.pinned?.digest.equals(cpHashA) === false) throw new TpmError("cpHash");
}

function pinByAuthorization({ pinned }: Session): PolicyPin["to"] {
  const alsoTemplate = pinned?.to === "template" || pinned?.to === "cpHashAndTemplate";
  return alsoTemplate ? "cpHashAndTemplate" : "cpHash";
}

/** PolicyContextUpdate: extends a policy with an authorization, and applies its limits. */
export function applyAuthorization(session: Session, code: number, name: Buffer, limits: Limits): void {
  extendPolicyBy(session, code, name, limits.policyRef);
  if (limits.cpHashA.length > 0) session.pinned = { to: pinByAuthorization(session), digest: limits.cpHashA };
  const { expiresAt } = limits;
  if (expiresAt === undefined) return;
  if (session.expiresAt === undefined || expiresAt < session.expiresAt) session.expiresAt = expiresAt;
}

/** Bit of a timeout: the ticket is invalid after the next start. */
const untilRestart = 1n << 63n;

/** The TPM2B_TIMEOUT of a ticket. Only this TPM reads it. */
export interface Timeout {
  readonly expiresAt: bigint;
  readonly onReset: boolean;
}

function encodeTimeout({ expiresAt, onReset }: Timeout): Buffer {
  return u64.encode(expiresAt | (onReset ? untilRestart : 0n));
}

/** The inverse of {@link encodeTimeout}. */
export function decodeTimeout(bytes: Buffer): Timeout {
  const value = bytes.readBigUInt64BE(0);
  return { expiresAt: value & ~untilRestart, onReset: (value & untilRestart) !== 0n };
}

/** The content of an authorization's ticket. */
export interface Authorized {
  readonly tag: typeof tags.authSecret | typeof tags.authSigned;
  readonly hierarchy: number;
  readonly name: Buffer;
  readonly limits: Pick<Limits, "cpHashA" | "policyRef">;
  readonly timeout: Timeout;
}

/** TicketComputeAuth. Its times count from this start of the TPM, so no ticket is valid after the next start. */
export function authTicket(memory: TpmMemory, authorized: Authorized): Ticket {
  const { tag, hierarchy, name, limits, timeout } = authorized;
  const epoch = Buffer.concat([u32.encode(memory.resetCount), u32.encode(memory.restartCount)]);
  const sizes = Buffer.concat([u16.encode(limits.cpHashA.length), u16.encode(limits.policyRef.length)]);
  const about = [sizes, limits.cpHashA, limits.policyRef, name, encodeTimeout(timeout), epoch];
  return makeTicket(memory, tag, hierarchy, ...about);
}

/**
 * The answer of PolicySecret and PolicySigned: a ticket when a negative expiration asked for it, else a null ticket.
 */
export function grantTicket(
  memory: TpmMemory,
  session: Session,
  wanted: Pick<Authorized, "tag" | "hierarchy" | "name"> & { readonly limits: Limits; readonly expiration: number },
): { readonly timeout: Buffer; readonly policyTicket: Ticket } {
  const { limits, expiration, tag } = wanted;
  const isNullTicket = expiration >= 0 || session.type === "trial" || limits.expiresAt === undefined;
  if (isNullTicket) return { timeout: Buffer.alloc(0), policyTicket: nullTicket(tag) };
  const timeout = { expiresAt: limits.expiresAt, onReset: limits.nonceTpm.length === 0 };
  return { timeout: encodeTimeout(timeout), policyTicket: authTicket(memory, { ...wanted, timeout }) };
}
