import { command, plain, user } from "../../memory/command.js";
import { checkNvAccess, nvTypeOf, writeNv } from "../../memory/nv.js";
import { has, nvAttributes, nvTypes } from "../../tables/attributes.js";
import { struct, u16 } from "../../wire/codec.js";
import { Tpm2bMaxNvBuffer } from "../../wire/structures.js";
import { parameter, TpmError } from "../../wire/tpm-error.js";

/** Part 3, TPM2_NV_Write: for ordinary indices. The other kinds have their own commands. */
export const nvWrite = command({
  name: "NV_Write",
  code: 0x137,
  handles: [user("nvAuth"), plain("nvIndex")],
  parameters: struct({ data: Tpm2bMaxNvBuffer, offset: u16 }),
  response: struct({}),
  marks: ["nv"],
  run: (_memory, [authority, { nv }], { data, offset }) => {
    checkNvAccess("write", authority.handle, nv);
    if (nvTypeOf(nv.publicArea) !== nvTypes.ordinary) throw new TpmError("attributes"); // blames no parameter
    if (offset > nv.data.length) throw new TpmError("value", parameter(2));
    if (offset + data.length > nv.data.length) throw new TpmError("nvRange");
    const whole = has(nv.publicArea.attributes, nvAttributes.writeAll);
    if (whole && data.length < nv.data.length) throw new TpmError("nvRange");
    writeNv(nv, data, offset);
    return {};
  },
});
