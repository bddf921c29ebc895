import { command } from "../../memory/command.js";
import { struct } from "../../wire/codec.js";
import { TpmiYesNo } from "../../wire/structures.js";

/** Part 3, TPM2_SelfTest: always succeeds, since there is no hardware to test. */
export const selfTest = command({
  name: "SelfTest",
  code: 0x143,
  handles: [],
  parameters: struct({ fullTest: TpmiYesNo }),
  response: struct({}),
  marks: ["nv"],
  run: () => ({}),
});
