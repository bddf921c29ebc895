import { command, plain, user } from "../../memory/command.js";
import { has, nvAttributes } from "../../tables/attributes.js";
import { hierarchies } from "../../tables/handles.js";
import { struct } from "../../wire/codec.js";
import { handle as handlePlace, TpmError } from "../../wire/tpm-error.js";

/** Part 3, TPM2_NV_UndefineSpace */
export const nvUndefineSpace = command({
  name: "NV_UndefineSpace",
  code: 0x122,
  handles: [user("provision"), plain("nvIndex")],
  parameters: struct({}),
  response: struct({}),
  marks: ["nv"],
  run: (memory, [authority, { handle, nv }]) => {
    // Only NV_UndefineSpaceSpecial can delete such an index.
    const special = has(nv.publicArea.attributes, nvAttributes.policyDelete);
    if (special) throw new TpmError("attributes", handlePlace(2));
    const ofPlatform = has(nv.publicArea.attributes, nvAttributes.platformCreate);
    if (ofPlatform && authority.handle !== hierarchies.platform) throw new TpmError("nvAuthorization");
    memory.nv.delete(handle);
    return {};
  },
});
