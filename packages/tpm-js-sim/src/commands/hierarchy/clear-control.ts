import { command, user } from "../../memory/command.js";
import { hierarchies } from "../../tables/handles.js";
import { struct } from "../../wire/codec.js";
import { TpmiYesNo } from "../../wire/structures.js";
import { handle, TpmError } from "../../wire/tpm-error.js";

/** Part 3, TPM2_ClearControl: disables Clear. Only the platform can enable it again. */
export const clearControl = command({
  name: "ClearControl",
  code: 0x127,
  handles: [user("clear")],
  parameters: struct({ disable: TpmiYesNo }),
  response: struct({}),
  marks: ["nv"],
  run: (memory, [{ handle: authority }], { disable }) => {
    if (authority === hierarchies.lockout && disable === 0) throw new TpmError("authFail", handle(1));
    memory.clearDisabled = disable === 1;
    return {};
  },
});
