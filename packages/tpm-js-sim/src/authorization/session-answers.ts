import { digest, hmac } from "../crypto/crypto.js";
import type { Command } from "../memory/command.js";
import type { Session, TpmMemory } from "../memory/state.js";
import { has, sessionAttributes } from "../tables/attributes.js";
import { responseCodes } from "../tables/response-codes.js";
import { u8, u16, u32 } from "../wire/codec.js";
import type { TpmsAuthResponse } from "../wire/structures.js";
import { authValueOf } from "./entity-auth.js";
import { sessionThat } from "./session-area.js";
import { cipherParameter } from "./session-keys.js";
import { type Authorized, type Granted, hmacKeyOf, resetPolicy } from "./sessions.js";

// BuildResponseSession in the reference implementation, whose order is kept: nonces, encryption, audit, HMACs.

/** A command that has run. */
export interface Answering {
  readonly memory: TpmMemory;
  readonly row: Command;
  /** parameters of the response, in the clear */
  readonly parameters: Buffer;
}

/** The parameters and the sessions of a response. */
export interface Answered {
  /** the first parameter may be encrypted */
  readonly parameters: Buffer;
  readonly authorizations: readonly TpmsAuthResponse[];
}

const { continueSession, audit, auditExclusive, auditReset } = sessionAttributes;
const nothing = Buffer.alloc(0);

function encrypted({ memory, parameters }: Answering, granted: readonly Granted[]): Buffer {
  const found = sessionThat("encrypt", granted);
  if (found === undefined) return parameters;
  const { session, sent, entity } = found;
  const authValue = entity === undefined ? nothing : authValueOf(memory, entity);
  const size = parameters.readUInt16BE(0);
  const cipher = { session, authValue, nonceNewer: session.nonceTpm, nonceOlder: sent.nonce };
  const content = cipherParameter("encrypt", cipher, parameters.subarray(2, 2 + size));
  return Buffer.concat([u16.encode(size), content, parameters.subarray(2 + size)]);
}

function rpHash({ row, parameters }: Answering, hashAlg: number): Buffer {
  return digest(hashAlg, u32.encode(responseCodes.success), u32.encode(row.code), parameters);
}

/**
 * Extends the digest of the session that audits the command. A session is exclusive from its first audit on, until it
 * does not audit a command that allows sessions.
 */
function noteAudit(answering: Answering, { granted, auditedCpHash }: Authorized): void {
  const { memory, row } = answering;
  const found = sessionThat("audit", granted);
  if (found === undefined || auditedCpHash === undefined) {
    if (row.sessions === "allowed") memory.exclusiveAudit = undefined;
    return;
  }
  const { session, sent } = found;
  const begins = session.auditDigest === undefined || has(sent.attributes, auditReset);
  if (begins) {
    memory.exclusiveAudit = sent.sessionHandle;
    // An audit session is not bound (Part 1, "Audit Session").
    session.bound = undefined;
  } else if (memory.exclusiveAudit !== sent.sessionHandle) memory.exclusiveAudit = undefined;
  const before =
    begins || session.auditDigest === undefined ? Buffer.alloc(session.policyDigest.length) : session.auditDigest;
  session.auditDigest = digest(session.hashAlg, before, auditedCpHash, rpHash(answering, session.hashAlg));
}

/** The attributes as they were sent, except that an audit session reports whether it is exclusive. */
function attributesOf(memory: TpmMemory, { sent }: Granted): number {
  const { attributes, sessionHandle } = sent;
  if (!has(attributes, audit)) return attributes;
  return memory.exclusiveAudit === sessionHandle ? attributes | auditExclusive : attributes & ~auditExclusive;
}

function answerSession(answering: Answering, session: Session, granted: Granted): TpmsAuthResponse {
  const { memory } = answering;
  const { hashAlg, nonceTpm: nonce } = session;
  const { sent } = granted;
  const attributes = attributesOf(memory, granted);
  const key = hmacKeyOf(memory, session, granted);
  const withHmac = session.wants !== "password" && (key.length > 0 || sent.hmac.length > 0);
  const mac = withHmac
    ? hmac(hashAlg, key, rpHash(answering, hashAlg), nonce, sent.nonce, u8.encode(attributes))
    : nothing;
  // An authorization uses the policy up (Part 1, "Policy Session Use").
  if (session.type === "policy") resetPolicy(session);
  if (!has(attributes, continueSession)) memory.sessions.delete(sent.sessionHandle);
  return { nonce, attributes, hmac: mac };
}

/** The sessions' part of a successful response: new nonces, encryption, HMACs, and the end of sessions that are not to continue. */
export function answerSessions(answering: Answering, authorized: Authorized): Answered {
  const { memory } = answering;
  const { granted } = authorized;
  for (const { session } of granted) {
    if (session !== undefined) session.nonceTpm = memory.random(session.nonceTpm.length);
  }
  const parameters = encrypted(answering, granted);
  const sent = { ...answering, parameters };
  noteAudit(sent, authorized);
  const authorizations = granted.map((each) =>
    each.session === undefined
      ? { nonce: nothing, attributes: continueSession, hmac: nothing }
      : answerSession(sent, each.session, each),
  );
  return { parameters, authorizations };
}
