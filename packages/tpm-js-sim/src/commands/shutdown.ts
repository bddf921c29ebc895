import { struct, u16 } from "../codec.js";
import { command } from "../command.js";
import { startupTypes } from "../tables/tags.js";
import { parameter, TpmError } from "../tpm-error.js";

/** Part 3, TPM2_Shutdown: says what Startup may be after the power went. Any other command in between takes it back. */
export const shutdown = command({
  name: "Shutdown",
  code: 0x145,
  handles: [],
  parameters: struct({ shutdownType: u16 }),
  response: struct({}),
  marks: ["nv"],
  run: (memory, _entities, { shutdownType }) => {
    if (shutdownType !== startupTypes.clear && shutdownType !== startupTypes.state) {
      throw new TpmError("value", parameter(1));
    }
    memory.shutdown = shutdownType === startupTypes.state ? "state" : "clear";
    return {};
  },
});
