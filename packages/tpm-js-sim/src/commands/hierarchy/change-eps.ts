import { command, user } from "../../memory/command.js";
import { renewSeed } from "../../memory/seeds.js";
import { hierarchies } from "../../tables/handles.js";
import { struct } from "../../wire/codec.js";

/** Part 3, TPM2_ChangeEPS: from now on every template gives a different endorsement key. */
export const changeEps = command({
  name: "ChangeEPS",
  code: 0x124,
  handles: [user("platform")],
  parameters: struct({}),
  response: struct({}),
  marks: ["nv", "extensive"],
  run: (memory) => {
    renewSeed(memory, hierarchies.endorsement, [hierarchies.endorsement]);
    memory.authValues.delete(hierarchies.endorsement);
    memory.policies.delete(hierarchies.endorsement);
    return {};
  },
});
