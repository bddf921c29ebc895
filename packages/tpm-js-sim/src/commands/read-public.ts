import { struct } from "../codec.js";
import { command, plain } from "../command.js";
import { Tpm2bName, Tpm2bPublic } from "../structures.js";
import { TpmError } from "../tpm-error.js";

/** Part 3, TPM2_ReadPublic */
export const readPublic = command({
  name: "ReadPublic",
  code: 0x173,
  handles: [plain("object")],
  parameters: struct({}),
  response: struct({ outPublic: Tpm2bPublic, name: Tpm2bName, qualifiedName: Tpm2bName }),
  run: (_memory, [entity]) => {
    if (entity.is === "sequence") throw new TpmError("sequence");
    const { publicArea, name, qualifiedName } = entity.key;
    return { outPublic: publicArea, name, qualifiedName };
  },
});
