import { command, plain, user } from "../../memory/command.js";
import { changeAttributes, checkNvAuthority, isLocked } from "../../memory/nv.js";
import { has, nvAttributes } from "../../tables/attributes.js";
import { struct } from "../../wire/codec.js";
import { handle, TpmError } from "../../wire/tpm-error.js";

/** Part 3, TPM2_NV_WriteLock. An index that is locked already stays locked, whatever the authority is. */
export const nvWriteLock = command({
  name: "NV_WriteLock",
  code: 0x138,
  handles: [user("nvAuth"), plain("nvIndex")],
  parameters: struct({}),
  response: struct({}),
  marks: ["nv"],
  run: (_memory, [authority, { nv }]) => {
    if (isLocked("write", nv)) return {};
    checkNvAuthority("write", authority.handle, nv);
    const lockable = nvAttributes.writeDefine | nvAttributes.writeStClear;
    if (!has(nv.publicArea.attributes, lockable)) throw new TpmError("attributes", handle(2));
    changeAttributes(nv, nvAttributes.writeLocked);
    return {};
  },
});
