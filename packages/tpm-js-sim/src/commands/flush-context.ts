import { struct, u32 } from "../codec.js";
import { command } from "../command.js";
import { handleType, handleTypes, isInRange, isSessionHandle } from "../tables/handles.js";
import { parameter, TpmError } from "../tpm-error.js";

/** Part 3, TPM2_FlushContext. The handle is a parameter, not a handle: so an unknown one blames parameter 1. */
export const flushContext = command({
  name: "FlushContext",
  code: 0x165,
  handles: [],
  parameters: struct({ flushHandle: u32 }),
  response: struct({}),
  sessions: "forbidden",
  run: (memory, _entities, { flushHandle }) => {
    const transient = handleType(flushHandle) === handleTypes.transient && isInRange(flushHandle);
    if (!transient && !isSessionHandle(flushHandle)) throw new TpmError("value", parameter(1));
    const { transient: objects, sessions, savedSessions } = memory;
    const flushed = objects.delete(flushHandle) || sessions.delete(flushHandle) || savedSessions.delete(flushHandle);
    if (!flushed) throw new TpmError("handle", parameter(1));
    return {};
  },
});
