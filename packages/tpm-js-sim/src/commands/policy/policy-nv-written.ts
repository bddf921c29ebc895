import { extendPolicy } from "../../authorization/policy.js";
import { command, plain } from "../../memory/command.js";
import { struct, u8 } from "../../wire/codec.js";
import { TpmiYesNo } from "../../wire/structures.js";
import { parameter, TpmError } from "../../wire/tpm-error.js";

const code = 0x18f;

/** Part 3, TPM2_PolicyNvWritten: requires an index that has, or has not, been written. */
export const policyNvWritten = command({
  name: "PolicyNvWritten",
  code,
  handles: [plain("policySession")],
  parameters: struct({ writtenSet: TpmiYesNo }),
  response: struct({}),
  run: (_memory, [{ session }], { writtenSet }) => {
    const written = writtenSet === 1;
    const conflict = session.nvWritten !== undefined && session.nvWritten !== written;
    if (conflict) throw new TpmError("value", parameter(1));
    extendPolicy(session, code, u8.encode(writtenSet));
    session.nvWritten = written;
    return {};
  },
});
