import { struct, u16 } from "../codec.js";
import { command } from "../command.js";
import { startupTypes } from "../tables/tags.js";
import { parameter, TpmError } from "../tpm-error.js";

/** Part 3, TPM2_Startup. There is no saved state to start from, so STATE is refused as after a power cut. */
export const startup = command({
  name: "Startup",
  code: 0x144,
  handles: [],
  parameters: struct({ startupType: u16 }),
  response: struct({}),
  sessions: "forbidden",
  run: (memory, _entities, { startupType }) => {
    if (memory.power === "started") throw new TpmError("initialize");
    if (startupType !== startupTypes.clear) throw new TpmError("value", parameter(1));
    memory.power = "started";
    return {};
  },
});
