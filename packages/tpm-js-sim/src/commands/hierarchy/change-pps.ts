import { command, user } from "../../memory/command.js";
import { renewSeed } from "../../memory/seeds.js";
import { hierarchies } from "../../tables/handles.js";
import { struct } from "../../wire/codec.js";

/** Part 3, TPM2_ChangePPS: from now on every template gives a different platform key. */
export const changePps = command({
  name: "ChangePPS",
  code: 0x125,
  handles: [user("platform")],
  parameters: struct({}),
  response: struct({}),
  marks: ["nv", "extensive"],
  run: (memory) => {
    renewSeed(memory, hierarchies.platform, [hierarchies.platform]);
    memory.policies.delete(hierarchies.platform);
    return {};
  },
});
