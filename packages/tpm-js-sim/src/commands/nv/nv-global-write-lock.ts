import { command, user } from "../../memory/command.js";
import { changeAttributes } from "../../memory/nv.js";
import { has, nvAttributes } from "../../tables/attributes.js";
import { struct } from "../../wire/codec.js";

/** Part 3, TPM2_NV_GlobalWriteLock: locks every index with the attribute globalLock. */
export const nvGlobalWriteLock = command({
  name: "NV_GlobalWriteLock",
  code: 0x132,
  handles: [user("provision")],
  parameters: struct({}),
  response: struct({}),
  marks: ["nv"],
  run: (memory) => {
    for (const nv of memory.nv.values()) {
      if (has(nv.publicArea.attributes, nvAttributes.globalLock)) changeAttributes(nv, nvAttributes.writeLocked);
    }
    return {};
  },
});
