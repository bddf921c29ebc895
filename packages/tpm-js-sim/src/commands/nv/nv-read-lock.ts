import { command, plain, user } from "../../memory/command.js";
import { changeAttributes, checkNvAuthority, isLocked } from "../../memory/nv.js";
import { has, nvAttributes } from "../../tables/attributes.js";
import { struct } from "../../wire/codec.js";
import { handle, TpmError } from "../../wire/tpm-error.js";

/** Part 3, TPM2_NV_ReadLock: locks an index against reading until the next start of the TPM. */
export const nvReadLock = command({
  name: "NV_ReadLock",
  code: 0x14f,
  handles: [user("nvAuth"), plain("nvIndex")],
  parameters: struct({}),
  response: struct({}),
  marks: ["nv"],
  run: (_memory, [authority, { nv }]) => {
    if (isLocked("read", nv)) return {};
    checkNvAuthority("read", authority.handle, nv);
    if (!has(nv.publicArea.attributes, nvAttributes.readStClear)) throw new TpmError("attributes", handle(2));
    changeAttributes(nv, nvAttributes.readLocked);
    return {};
  },
});
