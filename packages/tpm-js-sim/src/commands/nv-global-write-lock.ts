import { struct } from "../codec.js";
import { command, user } from "../command.js";
import { changeAttributes } from "../nv.js";
import { has, nvAttributes } from "../tables/attributes.js";

/** Part 3, TPM2_NV_GlobalWriteLock: locks every index that says so. */
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
