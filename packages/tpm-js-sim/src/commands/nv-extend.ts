import { struct } from "../codec.js";
import { command, plain, user } from "../command.js";
import { digest } from "../crypto.js";
import { checkNvAccess, isWritten, nvTypeOf, writeNv } from "../nv.js";
import { Tpm2bMaxNvBuffer } from "../structures.js";
import { nvTypes } from "../tables/attributes.js";
import { handle, TpmError } from "../tpm-error.js";

/** Part 3, TPM2_NV_Extend: as PCRs are extended, from zeros on. */
export const nvExtend = command({
  name: "NV_Extend",
  code: 0x136,
  handles: [user("nvAuth"), plain("nvIndex")],
  parameters: struct({ data: Tpm2bMaxNvBuffer }),
  response: struct({}),
  marks: ["nv"],
  run: (_memory, [authority, { nv }], { data }) => {
    checkNvAccess("write", authority.handle, nv);
    if (nvTypeOf(nv.publicArea) !== nvTypes.extend) throw new TpmError("attributes", handle(2));
    const before = isWritten(nv) ? nv.data : Buffer.alloc(nv.data.length);
    writeNv(nv, digest(nv.publicArea.nameAlg, before, data));
    return {};
  },
});
