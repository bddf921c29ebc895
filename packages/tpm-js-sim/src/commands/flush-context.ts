import { checked, struct, u32 } from "../codec.js";
import { command } from "../command.js";
import { handleType, handleTypes, isInRange, isSessionHandle } from "../tables/handles.js";
import { parameter, TpmError } from "../tpm-error.js";

const TpmiDhContext = checked(
  u32,
  (handle) => (handleType(handle) === handleTypes.transient && isInRange(handle)) || isSessionHandle(handle),
  "value",
);

/** Part 3, TPM2_FlushContext. The handle is a parameter, not a handle: so an unknown one blames parameter 1. */
export const flushContext = command({
  name: "FlushContext",
  code: 0x165,
  handles: [],
  parameters: struct({ flushHandle: TpmiDhContext }),
  response: struct({}),
  sessions: "forbidden",
  run: (memory, _entities, { flushHandle }) => {
    const { transient: objects, sessions, savedSessions } = memory;
    const slot = (handle: number): number => handle & 0x00ff_ffff;
    const ofSession = isSessionHandle(flushHandle);
    // A saved session is known by its slot alone, as GetCapability lists it.
    const saved = [...savedSessions.keys()].find((handle) => ofSession && slot(handle) === slot(flushHandle));
    const flushed =
      objects.delete(flushHandle) ||
      sessions.delete(flushHandle) ||
      (saved !== undefined && savedSessions.delete(saved));
    if (!flushed) throw new TpmError("handle", parameter(1));
    return {};
  },
});
