import { struct } from "../codec.js";
import { command, plain } from "../command.js";
import { resetPolicy } from "../sessions.js";

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
