import type { Command, HandleSpec } from "../memory/command.js";
import { describeResponseCode, responseCodes } from "../tables/response-codes.js";
import { type Codec, decode, type StructOf } from "../wire/codec.js";
import { encodeCommand, type ResponseParts, readResponse } from "../wire/frame.js";
import type { TpmsAuthCommand } from "../wire/structures.js";
import { TpmError } from "../wire/tpm-error.js";

/** A command that the TPM refused, or an unreadable response. */
export class TpmCommandError extends Error {
  override readonly name = "TpmCommandError";
  /** in Part 3's words, without the prefix: `ActivateCredential` */
  readonly command: string;
  /** the response code as received; undefined when the answer could not be read */
  readonly responseCode: number | undefined;

  constructor(command: string, responseCode: number | undefined, options?: ErrorOptions) {
    const why = responseCode === undefined ? "unreadable response" : describeResponseCode(responseCode);
    const code = responseCode === undefined ? "" : ` (0x${responseCode.toString(16).padStart(3, "0")})`;
    super(`TPM2_${command}: ${why}${code}`, options);
    this.command = command;
    this.responseCode = responseCode;
  }
}

/** Carries one command to a TPM and brings its response back. */
export type TpmSend = (command: Uint8Array) => Uint8Array;

export type Fields = Readonly<Record<string, Codec<unknown>>>;

/** One command to be sent: its handles as numbers. */
export interface Call<P extends Fields> {
  readonly handles: readonly number[];
  readonly authorizations?: readonly TpmsAuthCommand[];
  readonly parameters: StructOf<P>;
}

export interface Answer<R extends Fields> {
  readonly handle: number;
  readonly parameters: StructOf<R>;
}

const maxAttempts = 10;

/** Sends a command, and repeats it after TPM_RC_RETRY. Real TPMs answer that while they write; the SDK repeats too. */
function exchange(send: TpmSend, command: Buffer, hasHandle: boolean): ResponseParts {
  for (let attempt = 1; ; attempt += 1) {
    const response = readResponse(send(command), hasHandle);
    if (response.code !== responseCodes.retry || attempt === maxAttempts) return response;
  }
}

/**
 * Sends one command and reads its response.
 * @throws TpmCommandError for a refusal or an unreadable response; what `send` throws comes through as it is
 */
export function callTpm<H extends readonly HandleSpec[], P extends Fields, R extends Fields, M extends boolean>(
  send: TpmSend,
  row: Command<H, P, R, M>,
  { handles, authorizations = [], parameters }: Call<P>,
): Answer<R> {
  const encoded = row.parameters.encode(parameters);
  const command = encodeCommand({ code: row.code, handles, authorizations, parameters: encoded });
  try {
    const { code, handle = 0, parameters: answered } = exchange(send, command, row.makesHandle);
    if (code !== responseCodes.success) throw new TpmCommandError(row.name, code);
    return { handle, parameters: decode(row.response, answered) };
  } catch (cause) {
    if (!(cause instanceof TpmError)) throw cause;
    throw new TpmCommandError(row.name, undefined, { cause });
  }
}
