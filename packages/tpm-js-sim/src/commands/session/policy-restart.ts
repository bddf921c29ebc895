import { resetPolicy } from "../../authorization/sessions.js";
import { command, plain } from "../../memory/command.js";
import { struct } from "../../wire/codec.js";

/** Part 3, TPM2_PolicyRestart */
export const policyRestart = command({
  name: "PolicyRestart",
  code: 0x180,
  handles: [plain("policySession")],
  parameters: struct({}),
  response: struct({}),
  run: (_memory, [{ session }]) => {
    resetPolicy(session);
    return {};
  },
});
