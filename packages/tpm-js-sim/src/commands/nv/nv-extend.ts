import { digest } from "../../crypto/crypto.js";
import { command, plain, user } from "../../memory/command.js";
import { checkNvAccess, isWritten, nvTypeOf, writeNv } from "../../memory/nv.js";
import { nvTypes } from "../../tables/attributes.js";
import { struct } from "../../wire/codec.js";
import { Tpm2bMaxNvBuffer } from "../../wire/structures.js";
import { handle, TpmError } from "../../wire/tpm-error.js";

/** Part 3, TPM2_NV_Extend: extends an index like a PCR, starting with zeros. */
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
