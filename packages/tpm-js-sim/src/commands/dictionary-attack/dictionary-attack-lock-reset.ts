import { command, user } from "../../memory/command.js";
import { struct } from "../../wire/codec.js";

/** Part 3, TPM2_DictionaryAttackLockReset */
export const dictionaryAttackLockReset = command({
  name: "DictionaryAttackLockReset",
  code: 0x139,
  handles: [user("lockout")],
  parameters: struct({}),
  response: struct({}),
  marks: ["nv"],
  run: (memory) => {
    memory.lockout.reset();
    return {};
  },
});
