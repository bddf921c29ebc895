import { struct } from "../codec.js";
import { command } from "../command.js";
import { TpmiYesNo } from "../structures.js";

/** Part 3, TPM2_SelfTest: there is nothing that could be broken. */
export const selfTest = command({
  name: "SelfTest",
  code: 0x143,
  handles: [],
  parameters: struct({ fullTest: TpmiYesNo }),
  response: struct({}),
  marks: ["nv"],
  run: () => ({}),
});
