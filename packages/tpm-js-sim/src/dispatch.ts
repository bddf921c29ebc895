import { checkEntity, checkHandle, entityAt } from "./authorization/entities.js";
import { answerSessions } from "./authorization/session-answers.js";
import { readSessions } from "./authorization/session-area.js";
import { authorize } from "./authorization/sessions.js";
import { commandsByCode } from "./commands/index.js";
import { type KeyMaking, KeyNotReady, makingBeside } from "./keys/key-source.js";
import type { Command, Entity } from "./memory/command.js";
import type { TpmMemory } from "./memory/state.js";
import { responseCodes } from "./tables/response-codes.js";
import { tags } from "./tables/tags.js";
import { type Codec, Reader, u32 } from "./wire/codec.js";
import { type CommandFrame, encodeError, encodeResponse, readCommandFrame } from "./wire/frame.js";
import { blaming, handle, parameter, TpmError } from "./wire/tpm-error.js";

function readHandles(memory: TpmMemory, row: Command, reader: Reader): readonly Entity[] {
  const handles = row.handles.map((spec, index) => {
    const value = blaming(handle(index + 1), () => u32.read(reader));
    checkHandle(value, spec, index + 1);
    return value;
  });
  return row.handles.map((_, index) => entityAt(memory, handles[index] ?? 0, index + 1));
}

function readParameters(row: Command, bytes: Buffer): Readonly<Record<string, unknown>> {
  const reader = new Reader(bytes);
  const fields: readonly (readonly [string, Codec<unknown>])[] = Object.entries(row.parameters.fields);
  const values = fields.map(([name, codec], index) => {
    return [name, blaming(parameter(index + 1), () => codec.read(reader))] as const;
  });
  if (reader.remaining > 0) throw new TpmError("size");
  return Object.fromEntries(values);
}

/** The handle and the encoded parameters of a command's outcome. */
function outcomeOf(
  row: Command,
  outcome: object,
): { readonly handle: number | undefined; readonly parameters: Buffer } {
  if (!row.makesHandle) return { handle: undefined, parameters: row.response.encode({ ...outcome }) };
  const { handle: made, response } = outcome as { handle: number; response: Record<string, unknown> }; // makesHandle says so
  return { handle: made, parameters: row.response.encode(response) };
}

function execute(memory: TpmMemory, { tag, code, body }: CommandFrame): Buffer {
  const row = commandsByCode.get(code);
  if (row === undefined) throw new TpmError("commandCode");
  const startable = memory.power === "on" && row.name === "Startup";
  if (memory.power !== "started" && !startable) throw new TpmError("initialize");
  // A second Startup is refused before anything else is checked.
  if (memory.power === "started" && row.name === "Startup") throw new TpmError("initialize");
  const reader = new Reader(body);
  const entities = readHandles(memory, row, reader);
  const sessions = tag === tags.sessions ? readSessions(memory, row, reader) : [];
  const authorized = authorize({ memory, row, entities, sessions, parameters: reader.rest() });
  const values = readParameters(row, authorized.parameters);
  for (const [index, spec] of row.handles.entries()) {
    const entity = entities[index];
    if (entity !== undefined) checkEntity(entity, spec, index + 1);
  }
  const outcome = row.run(memory, entities, values);
  const { handle: made, parameters: clear } = outcomeOf(row, outcome);
  // Any command after Shutdown cancels it.
  if (row.name !== "Shutdown") memory.shutdown = "none";
  const { parameters, authorizations } = answerSessions({ memory, row, parameters: clear }, authorized);
  return encodeResponse({ tag, code: responseCodes.success, handle: made, parameters, authorizations });
}

/**
 * Runs one command: header, handles, authorization, parameters, action, response, in the reference implementation's order.
 * @returns always a well-formed response. A fault of our own becomes TPM_RC_FAILURE, as a TPM's self-test failure does
 * @throws KeyNotReady in {@link dispatchBeside} only
 */
export function dispatch(memory: TpmMemory, command: Uint8Array): Buffer {
  try {
    // A copy: commands keep parts of it, which must not change with the caller's buffer.
    return execute(memory, readCommandFrame(Buffer.from(command)));
  } catch (error) {
    if (error instanceof KeyNotReady) throw error;
    return encodeError(error instanceof TpmError ? error.code : responseCodes.failure);
  }
}

function dispatchWith(memory: TpmMemory, command: Uint8Array, making: KeyMaking): Buffer {
  const usual = memory.keyMaking;
  memory.keyMaking = making;
  try {
    return dispatch(memory, command);
  } finally {
    memory.keyMaking = usual;
  }
}

/** Runs one command, and makes new keys without blocking the event loop. Other commands may run meanwhile. */
export async function dispatchBeside(memory: TpmMemory, command: Uint8Array): Promise<Buffer> {
  const bytes = Buffer.from(command);
  const making = makingBeside(memory.random, memory.rsaKeys);
  for (;;) {
    try {
      return dispatchWith(memory, bytes, making);
    } catch (error) {
      if (!(error instanceof KeyNotReady)) throw error;
      await error.ready;
    }
  }
}
