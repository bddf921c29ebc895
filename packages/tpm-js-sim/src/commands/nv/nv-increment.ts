import { command, plain, user } from "../../memory/command.js";
import { checkNvAccess, isWritten, nvTypeOf, writeNv } from "../../memory/nv.js";
import { nvTypes } from "../../tables/attributes.js";
import { struct, u64 } from "../../wire/codec.js";
import { handle, TpmError } from "../../wire/tpm-error.js";

/**
 * Part 3, TPM2_NV_Increment: a new counter starts at the highest value that any counter ever had, so that no counter
 * can be turned back.
 */
export const nvIncrement = command({
  name: "NV_Increment",
  code: 0x134,
  handles: [user("nvAuth"), plain("nvIndex")],
  parameters: struct({}),
  response: struct({}),
  marks: ["nv"],
  run: (memory, [authority, { nv }]) => {
    checkNvAccess("write", authority.handle, nv);
    if (nvTypeOf(nv.publicArea) !== nvTypes.counter) throw new TpmError("attributes", handle(2));
    const count = (isWritten(nv) ? nv.data.readBigUInt64BE(0) : memory.nvCounter) + 1n;
    if (count > memory.nvCounter) memory.nvCounter = count;
    writeNv(nv, u64.encode(count));
    return {};
  },
});
