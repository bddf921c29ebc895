import { struct } from "../codec.js";
import { command, user } from "../command.js";
import { renewSeed } from "../seeds.js";
import { hierarchies } from "../tables/handles.js";

/** Part 3, TPM2_ChangePPS: other platform keys from now on. */
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
