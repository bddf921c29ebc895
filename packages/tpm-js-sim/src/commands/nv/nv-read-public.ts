import { command, plain } from "../../memory/command.js";
import { struct } from "../../wire/codec.js";
import { Tpm2bName, Tpm2bNvPublic } from "../../wire/structures.js";

/** Part 3, TPM2_NV_ReadPublic */
export const nvReadPublic = command({
  name: "NV_ReadPublic",
  code: 0x169,
  handles: [plain("nvIndex")],
  parameters: struct({}),
  response: struct({ nvPublic: Tpm2bNvPublic, nvName: Tpm2bName }),
  run: (_memory, [{ nv, name }]) => ({ nvPublic: nv.publicArea, nvName: name }),
});
