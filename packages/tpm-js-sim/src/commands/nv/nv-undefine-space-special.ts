import { admin, command, user } from "../../memory/command.js";
import { has, nvAttributes } from "../../tables/attributes.js";
import { struct } from "../../wire/codec.js";
import { handle as handlePlace, TpmError } from "../../wire/tpm-error.js";

/** Part 3, TPM2_NV_UndefineSpaceSpecial: deletes an index if its policy allows it. */
export const nvUndefineSpaceSpecial = command({
  name: "NV_UndefineSpaceSpecial",
  code: 0x11f,
  handles: [admin("nvIndex"), user("platform")],
  parameters: struct({}),
  response: struct({}),
  marks: ["nv"],
  run: (memory, [{ handle, nv }]) => {
    const special = has(nv.publicArea.attributes, nvAttributes.policyDelete);
    if (!special) throw new TpmError("attributes", handlePlace(1));
    memory.nv.delete(handle);
    return {};
  },
});
