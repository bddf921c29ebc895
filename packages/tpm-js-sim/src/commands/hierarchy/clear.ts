import { command, user } from "../../memory/command.js";
import { renewSeed } from "../../memory/seeds.js";
import { has, nvAttributes } from "../../tables/attributes.js";
import { hierarchies } from "../../tables/handles.js";
import { struct } from "../../wire/codec.js";
import { TpmError } from "../../wire/tpm-error.js";

const cleared: readonly number[] = [hierarchies.owner, hierarchies.endorsement];

/**
 * Part 3, TPM2_Clear: deletes the keys of the owner and endorsement hierarchies, and the owner's NV indices. The next
 * SRK is different; the EK can be made again.
 */
export const clear = command({
  name: "Clear",
  code: 0x126,
  handles: [user("clear")],
  parameters: struct({}),
  response: struct({}),
  marks: ["nv", "extensive"],
  run: (memory) => {
    if (memory.clearDisabled) throw new TpmError("disabled");
    renewSeed(memory, hierarchies.owner, cleared);
    for (const [index, { publicArea }] of memory.nv) {
      if (!has(publicArea.attributes, nvAttributes.platformCreate)) memory.nv.delete(index);
    }
    for (const handle of [...cleared, hierarchies.lockout]) {
      memory.authValues.delete(handle);
      memory.policies.delete(handle);
    }
    memory.lockout.clear();
    memory.pcrCounter += 1;
    return {};
  },
});
