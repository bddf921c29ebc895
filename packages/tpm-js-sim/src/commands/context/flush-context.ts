import { command } from "../../memory/command.js";
import type { TpmMemory } from "../../memory/state.js";
import { handleType, handleTypes, isInRange, isSessionHandle } from "../../tables/handles.js";
import { checked, struct, u32 } from "../../wire/codec.js";
import { parameter, TpmError } from "../../wire/tpm-error.js";

const TpmiDhContext = checked(
  u32,
  (handle) => (handleType(handle) === handleTypes.transient && isInRange(handle)) || isSessionHandle(handle),
  "value",
);

/** As in the reference implementation, the slot alone identifies a session, whatever its kind, loaded or saved. */
function flushSession(memory: TpmMemory, handle: number): boolean {
  const slot = (each: number): number => each & 0x00ff_ffff;
  for (const sessions of [memory.sessions, memory.savedSessions]) {
    const found = [...sessions.keys()].find((each) => slot(each) === slot(handle));
    if (found !== undefined) return sessions.delete(found);
  }
  return false;
}

/** Part 3, TPM2_FlushContext. The handle is passed as a parameter, so an unknown handle blames parameter 1. */
export const flushContext = command({
  name: "FlushContext",
  code: 0x165,
  handles: [],
  parameters: struct({ flushHandle: TpmiDhContext }),
  response: struct({}),
  sessions: "forbidden",
  run: (memory, _entities, { flushHandle }) => {
    const flushed = isSessionHandle(flushHandle)
      ? flushSession(memory, flushHandle)
      : memory.transient.delete(flushHandle);
    if (!flushed) throw new TpmError("handle", parameter(1));
    return {};
  },
});
