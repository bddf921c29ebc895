import type { Command } from "../memory/command.js";
import type { Session, TpmMemory } from "../memory/state.js";
import { algorithms } from "../tables/algorithms.js";
import { has, sessionAttributes } from "../tables/attributes.js";
import { passwordSession } from "../tables/handles.js";
import { responseCodes } from "../tables/response-codes.js";
import { type Reader, startsSized } from "../wire/codec.js";
import { readAuthorizations } from "../wire/frame.js";
import type { TpmsAuthCommand } from "../wire/structures.js";
import { type Place, session as sessionPlace, TpmError } from "../wire/tpm-error.js";

/** A session of a command, or a password. */
export interface SentSession {
  readonly sent: TpmsAuthCommand;
  /** undefined for a password */
  readonly session: Session | undefined;
  /** counted from 1 */
  readonly number: number;
}

const { continueSession, decrypt, encrypt, audit, auditExclusive, auditReset } = sessionAttributes;

/** The session of a command with an attribute; at most one session may have it. */
export function sessionThat<S extends SentSession>(
  does: "decrypt" | "encrypt" | "audit",
  sessions: readonly S[],
): (S & { readonly session: Session }) | undefined {
  return sessions.find(
    (each): each is S & { readonly session: Session } =>
      each.session !== undefined && has(each.sent.attributes, sessionAttributes[does]),
  );
}

function slotOf(handle: number): number {
  return handle & 0x00ff_ffff;
}

function loadedSession(memory: TpmMemory, handle: number, number: number): Session {
  const session = memory.sessions.get(handle);
  if (session !== undefined) return session;
  // A slot holds one session, of either kind.
  const otherKind = [...memory.sessions.keys()].some((each) => slotOf(each) === slotOf(handle));
  if (otherKind) throw new TpmError("handle", sessionPlace(number));
  throw new TpmError("referenceSession", undefined, { code: responseCodes.referenceSession + number - 1 });
}

function checkPassword({ attributes, nonce }: TpmsAuthCommand, place: Place): void {
  if (has(attributes, ~continueSession)) throw new TpmError("attributes", place);
  if (nonce.length > 0) throw new TpmError("nonce", place);
}

/** Only one session may encrypt, and only a parameter that can be encrypted. */
function checkCipher(session: Session, possible: boolean, taken: boolean, place: Place): void {
  if (!possible || taken) throw new TpmError("attributes", place);
  if (session.symmetric.algorithm === algorithms.null) throw new TpmError("symmetric", place);
}

function checkAudit(memory: TpmMemory, session: Session, sent: TpmsAuthCommand, taken: boolean, place: Place): void {
  if (taken || session.type !== "hmac") throw new TpmError("attributes", place);
  const goesOn = session.auditDigest !== undefined && !has(sent.attributes, auditReset);
  const exclusive = has(sent.attributes, auditExclusive);
  if (goesOn && exclusive && memory.exclusiveAudit !== sent.sessionHandle) throw new TpmError("exclusive");
}

/** Checks one session by itself and against those before it (reference implementation, RetrieveSessionData). */
function sessionOf(
  memory: TpmMemory,
  row: Command,
  sent: TpmsAuthCommand,
  before: readonly SentSession[],
): SentSession {
  const number = before.length + 1;
  const place = sessionPlace(number);
  if (sent.sessionHandle === passwordSession) {
    checkPassword(sent, place);
    return { sent, session: undefined, number };
  }
  const session = loadedSession(memory, sent.sessionHandle, number);
  if (before.some((each) => each.session === session)) throw new TpmError("handle", place);
  const taken = (does: "decrypt" | "encrypt" | "audit"): boolean => sessionThat(does, before) !== undefined;
  if (has(sent.attributes, decrypt)) checkCipher(session, startsSized(row.parameters), taken("decrypt"), place);
  if (has(sent.attributes, encrypt)) checkCipher(session, startsSized(row.response), taken("encrypt"), place);
  if (has(sent.attributes, audit)) checkAudit(memory, session, sent, taken("audit"), place);
  return { sent, session, number };
}

/**
 * Reads the authorization area of a command, its length first: each session is checked before the next is read.
 * @throws TpmError TPM_RC_AUTH_CONTEXT for a command that takes no sessions, or the fault of session n
 */
export function readSessions(memory: TpmMemory, row: Command, reader: Reader): readonly SentSession[] {
  const sessions: SentSession[] = [];
  readAuthorizations(reader, (sent) => {
    if (row.sessions === "forbidden") throw new TpmError("authContext");
    sessions.push(sessionOf(memory, row, sent, sessions));
  });
  return sessions;
}
