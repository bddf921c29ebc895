import { command, plain, user } from "../../memory/command.js";
import { checkNvAccess } from "../../memory/nv.js";
import { nvBuffer } from "../../tables/properties.js";
import { struct, u16 } from "../../wire/codec.js";
import { Tpm2bMaxNvBuffer } from "../../wire/structures.js";
import { parameter, TpmError } from "../../wire/tpm-error.js";

/** Part 3, TPM2_NV_Read */
export const nvRead = command({
  name: "NV_Read",
  code: 0x14e,
  handles: [user("nvAuth"), plain("nvIndex")],
  parameters: struct({ size: u16, offset: u16 }),
  response: struct({ data: Tpm2bMaxNvBuffer }),
  run: (_memory, [authority, { nv }], { size, offset }) => {
    checkNvAccess("read", authority.handle, nv);
    if (size > nvBuffer) throw new TpmError("value", parameter(1));
    if (offset > nv.data.length) throw new TpmError("value", parameter(2));
    if (offset + size > nv.data.length) throw new TpmError("nvRange");
    return { data: nv.data.subarray(offset, offset + size) };
  },
});
