import { command } from "../../memory/command.js";
import { sized, struct } from "../../wire/codec.js";

/** Part 3, TPM2_StirRandom. Where randomness comes from is an argument of ours, which nothing stirs. */
export const stirRandom = command({
  name: "StirRandom",
  code: 0x146,
  handles: [],
  parameters: struct({ inData: sized(128) }),
  response: struct({}),
  marks: ["nv"],
  run: () => ({}),
});
