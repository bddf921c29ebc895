import { struct, u16 } from "../codec.js";
import { command, plain, user } from "../command.js";
import { checkNvAccess } from "../nv.js";
import { Tpm2bMaxNvBuffer } from "../structures.js";
import { nvAttributes } from "../tables/attributes.js";
import { TpmError } from "../tpm-error.js";

/** Part 3, TPM2_NV_Write */
export const nvWrite = command({
  name: "NV_Write",
  code: 0x137,
  handles: [user("nvAuth"), plain("nvIndex")],
  parameters: struct({ data: Tpm2bMaxNvBuffer, offset: u16 }),
  response: struct({}),
  marks: ["nv"],
  run: (_memory, [authority, { nv }], { data, offset }) => {
    checkNvAccess("write", authority.handle, nv);
    if (offset + data.length > nv.data.length) throw new TpmError("nvRange");
    data.copy(nv.data, offset);
    nv.publicArea = { ...nv.publicArea, attributes: (nv.publicArea.attributes | nvAttributes.written) >>> 0 };
    return {};
  },
});
