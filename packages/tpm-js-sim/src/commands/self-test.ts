import { struct, u8 } from "../codec.js";
import { command } from "../command.js";
import { parameter, TpmError } from "../tpm-error.js";

/** Part 3, TPM2_SelfTest: there is nothing that could be broken. */
export const selfTest = command({
  name: "SelfTest",
  code: 0x143,
  handles: [],
  parameters: struct({ fullTest: u8 }),
  response: struct({}),
  marks: ["nv"],
  run: (_memory, _entities, { fullTest }) => {
    if (fullTest > 1) throw new TpmError("value", parameter(1));
    return {};
  },
});
