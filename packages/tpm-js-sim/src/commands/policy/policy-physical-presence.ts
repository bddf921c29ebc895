import { extendPolicy } from "../../authorization/policy.js";
import { command, plain } from "../../memory/command.js";
import { struct } from "../../wire/codec.js";

const code = 0x187;

/** Part 3, TPM2_PolicyPhysicalPresence: a policy that is never fulfilled here, since presence is never asserted. */
export const policyPhysicalPresence = command({
  name: "PolicyPhysicalPresence",
  code,
  handles: [plain("policySession")],
  parameters: struct({}),
  response: struct({}),
  run: (_memory, [{ session }]) => {
    extendPolicy(session, code);
    session.presence = true;
    return {};
  },
});
