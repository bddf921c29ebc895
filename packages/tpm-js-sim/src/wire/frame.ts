import { tags } from "../tables/tags.js";
import { Reader, u16, u32 } from "./codec.js";
import { TpmsAuthCommand, TpmsAuthResponse } from "./structures.js";
import { blaming, session, TpmError } from "./tpm-error.js";

// Part 1, "Command/Response Structure": the parts around a command's own fields.

/** Part 1, "Sessions": at most three. Each has at least a handle, two empty sizes and attributes. */
const maxSessions = 3;
const minAuthorization = 9;

/** A command with its handles and parameters still as bytes. */
export interface CommandFrame {
  readonly tag: number;
  readonly code: number;
  /** everything after the command code */
  readonly body: Buffer;
}

/** @throws TpmError TPM_RC_BAD_TAG or TPM_RC_COMMAND_SIZE */
export function readCommandFrame(bytes: Buffer): CommandFrame {
  if (bytes.length < 10) throw new TpmError("commandSize");
  const reader = new Reader(bytes);
  const tag = u16.read(reader);
  if (tag !== tags.sessions && tag !== tags.noSessions) throw new TpmError("badTag");
  if (u32.read(reader) !== bytes.length) throw new TpmError("commandSize");
  return { tag, code: u32.read(reader), body: reader.rest() };
}

/**
 * Reads the authorization area, its length first.
 * @param take is called with each session before the next is read
 * @throws TpmError TPM_RC_AUTHSIZE, TPM_RC_SIZE, or the fault of session n
 */
export function readAuthorizations(
  reader: Reader,
  take: (authorization: TpmsAuthCommand) => void = () => undefined,
): readonly TpmsAuthCommand[] {
  const length = u32.read(reader);
  if (length < minAuthorization) throw new TpmError("authSize");
  if (length > reader.remaining) throw new TpmError("size");
  const area = new Reader(reader.take(length));
  const authorizations: TpmsAuthCommand[] = [];
  while (area.remaining > 0) {
    if (authorizations.length === maxSessions) throw new TpmError("size", session(maxSessions + 1));
    const authorization = blaming(session(authorizations.length + 1), () => TpmsAuthCommand.read(area));
    take(authorization);
    authorizations.push(authorization);
  }
  return authorizations;
}

export interface CommandParts {
  readonly code: number;
  readonly handles: readonly number[];
  readonly authorizations: readonly TpmsAuthCommand[];
  readonly parameters: Buffer;
}

/** A whole command; without authorizations it gets tag 8001. */
export function encodeCommand({ code, handles, authorizations, parameters }: CommandParts): Buffer {
  const area = Buffer.concat(authorizations.map((authorization) => TpmsAuthCommand.encode(authorization)));
  const withSessions = authorizations.length > 0;
  const body = Buffer.concat([
    ...handles.map((handle) => u32.encode(handle)),
    ...(withSessions ? [u32.encode(area.length), area] : []),
    parameters,
  ]);
  const tag = withSessions ? tags.sessions : tags.noSessions;
  return Buffer.concat([u16.encode(tag), u32.encode(10 + body.length), u32.encode(code), body]);
}

export interface ResponseParts {
  readonly tag: number;
  readonly code: number;
  readonly handle: number | undefined;
  readonly parameters: Buffer;
  readonly authorizations: readonly TpmsAuthResponse[];
}

/** A whole response. With sessions the handle stands before parameterSize, which counts the parameters only. */
export function encodeResponse({ tag, code, handle, parameters, authorizations }: ResponseParts): Buffer {
  const withSessions = tag === tags.sessions;
  const body = Buffer.concat([
    ...(handle === undefined ? [] : [u32.encode(handle)]),
    ...(withSessions ? [u32.encode(parameters.length)] : []),
    parameters,
    ...authorizations.map((authorization) => TpmsAuthResponse.encode(authorization)),
  ]);
  return Buffer.concat([u16.encode(tag), u32.encode(10 + body.length), u32.encode(code), body]);
}

/** A refusal: tag 8001 and the code, whatever the command was. */
export function encodeError(code: number): Buffer {
  return encodeResponse({
    tag: tags.noSessions,
    code,
    handle: undefined,
    parameters: Buffer.alloc(0),
    authorizations: [],
  });
}

/**
 * Parses a response.
 * @param hasHandle whether a successful response of this command carries a handle
 * @throws TpmError TPM_RC_INSUFFICIENT or TPM_RC_SIZE when it is not a response
 */
export function readResponse(bytes: Uint8Array, hasHandle: boolean): ResponseParts {
  const reader = new Reader(bytes);
  const tag = u16.read(reader);
  if (u32.read(reader) !== bytes.length) throw new TpmError("size");
  const code = u32.read(reader);
  if (code !== 0) return { tag, code, handle: undefined, parameters: reader.rest(), authorizations: [] };
  const handle = hasHandle ? u32.read(reader) : undefined;
  if (tag !== tags.sessions) return { tag, code, handle, parameters: reader.rest(), authorizations: [] };
  const parameters = reader.take(u32.read(reader));
  const authorizations: TpmsAuthResponse[] = [];
  while (reader.remaining > 0) authorizations.push(TpmsAuthResponse.read(reader));
  return { tag, code, handle, parameters, authorizations };
}
