import { command } from "../../memory/command.js";
import { sized, struct } from "../../wire/codec.js";

/** Part 3, TPM2_StirRandom. It does nothing: the source of randomness is an argument of the TPM. */
export const stirRandom = command({
  name: "StirRandom",
  code: 0x146,
  handles: [],
  parameters: struct({ inData: sized(128) }),
  response: struct({}),
  marks: ["nv"],
  run: () => ({}),
});
