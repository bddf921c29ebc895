import { struct } from "../codec.js";
import { command } from "../command.js";
import { TpmSu } from "../structures.js";
import { startupTypes } from "../tables/tags.js";
import { parameter, TpmError } from "../tpm-error.js";

/**
 * Part 3, TPM2_Startup. STATE goes on where Shutdown(STATE) left off and is refused after anything else; CLEAR after
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
    if (!resume) memory.pcrs = new Map();
    if (orderly) memory.restartCount += 1;
    else [memory.resetCount, memory.restartCount] = [memory.resetCount + 1, 0];
    memory.shutdown = "none";
    memory.power = "started";
    return {};
  },
});
