import { command } from "../../memory/command.js";
import { startupTypes } from "../../tables/tags.js";
import { struct } from "../../wire/codec.js";
import { TpmSu } from "../../wire/structures.js";

/** Part 3, TPM2_Shutdown: announces the type of the next Startup. Any other command before power-off cancels it. */
export const shutdown = command({
  name: "Shutdown",
  code: 0x145,
  handles: [],
  parameters: struct({ shutdownType: TpmSu }),
  response: struct({}),
  marks: ["nv"],
  run: (memory, _entities, { shutdownType }) => {
    memory.shutdown = shutdownType === startupTypes.state ? "state" : "clear";
    return {};
  },
});
