import { command } from "../../memory/command.js";
import { struct } from "../../wire/codec.js";
import { TpmiYesNo } from "../../wire/structures.js";

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
