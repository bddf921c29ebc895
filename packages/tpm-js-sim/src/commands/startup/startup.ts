import { command } from "../../memory/command.js";
import { restartNv } from "../../memory/nv.js";
import type { TpmMemory } from "../../memory/state.js";
import { hierarchies } from "../../tables/handles.js";
import { startupTypes } from "../../tables/tags.js";
import { struct } from "../../wire/codec.js";
import { TpmSu } from "../../wire/structures.js";
import { parameter, TpmError } from "../../wire/tpm-error.js";

/** Forgets the state that only a Resume keeps: PCRs, NV locks, and the platform's auth value and policy. */
function forget(memory: TpmMemory): void {
  memory.pcrs = new Map();
  for (const nv of memory.nv.values()) restartNv(nv);
  memory.authValues.delete(hierarchies.platform);
  memory.policies.delete(hierarchies.platform);
}

/**
 * Part 3, TPM2_Startup. STATE continues where Shutdown(STATE) left off and is refused after anything else. CLEAR after
 * Shutdown(STATE) is a TPM Restart, otherwise a TPM Reset. PCRs survive a Resume only.
 */
export const startup = command({
  name: "Startup",
  code: 0x144,
  handles: [],
  parameters: struct({ startupType: TpmSu }),
  response: struct({}),
  sessions: "forbidden",
  marks: ["nv"],
  run: (memory, _entities, { startupType }) => {
    const orderly = memory.shutdown === "state";
    const resume = startupType === startupTypes.state;
    if (resume && !orderly) throw new TpmError("value", parameter(1));
    if (!resume) forget(memory);
    if (orderly) memory.restartCount += 1;
    else [memory.resetCount, memory.restartCount] = [memory.resetCount + 1, 0];
    memory.shutdown = "none";
    memory.power = "started";
    return {};
  },
});
