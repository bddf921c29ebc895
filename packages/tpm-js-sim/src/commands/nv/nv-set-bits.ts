import { command, plain, user } from "../../memory/command.js";
import { checkNvAccess, isWritten, nvTypeOf, writeNv } from "../../memory/nv.js";
import { nvTypes } from "../../tables/attributes.js";
import { struct, u64 } from "../../wire/codec.js";
import { handle, TpmError } from "../../wire/tpm-error.js";

/** Part 3, TPM2_NV_SetBits */
export const nvSetBits = command({
  name: "NV_SetBits",
  code: 0x135,
  handles: [user("nvAuth"), plain("nvIndex")],
  parameters: struct({ bits: u64 }),
  response: struct({}),
  marks: ["nv"],
  run: (_memory, [authority, { nv }], { bits }) => {
    checkNvAccess("write", authority.handle, nv);
    if (nvTypeOf(nv.publicArea) !== nvTypes.bits) throw new TpmError("attributes", handle(2));
    writeNv(nv, u64.encode((isWritten(nv) ? nv.data.readBigUInt64BE(0) : 0n) | bits));
    return {};
  },
});
