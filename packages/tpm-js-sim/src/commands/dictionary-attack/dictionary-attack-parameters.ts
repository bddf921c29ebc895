import { command, user } from "../../memory/command.js";
import { struct, u32 } from "../../wire/codec.js";

/** Part 3, TPM2_DictionaryAttackParameters */
export const dictionaryAttackParameters = command({
  name: "DictionaryAttackParameters",
  code: 0x13a,
  handles: [user("lockout")],
  parameters: struct({ newMaxTries: u32, newRecoveryTime: u32, lockoutRecovery: u32 }),
  response: struct({}),
  marks: ["nv"],
  run: (memory, _entities, { newMaxTries: maxTries, newRecoveryTime: recoveryTime, lockoutRecovery }) => {
    memory.lockout.set({ maxTries, recoveryTime, lockoutRecovery });
    return {};
  },
});
