import { command, plain } from "../../memory/command.js";
import { struct } from "../../wire/codec.js";
import { Tpm2bName, Tpm2bPublic } from "../../wire/structures.js";
import { TpmError } from "../../wire/tpm-error.js";

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
