import { command } from "../../memory/command.js";
import { list, struct, u16 } from "../../wire/codec.js";

const TpmlAlg = list(u16, 128);

/** Part 3, TPM2_IncrementalSelfTest: every algorithm counts as tested already. */
export const incrementalSelfTest = command({
  name: "IncrementalSelfTest",
  code: 0x142,
  handles: [],
  parameters: struct({ toTest: TpmlAlg }),
  response: struct({ toDoList: TpmlAlg }),
  marks: ["nv"],
  run: () => ({ toDoList: [] }),
});
