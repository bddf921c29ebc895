import { struct } from "../codec.js";
import { command, user } from "../command.js";
import { trimmed } from "../entity-auth.js";
import { hashOf } from "../hashes.js";
import { Tpm2bDigest, Tpm2bNvPublic, type TpmsNvPublic } from "../structures.js";
import { has, nvAttributes } from "../tables/attributes.js";
import { hierarchies, slots } from "../tables/handles.js";
import { nvIndexMax } from "../tables/properties.js";
import { blaming, handle, parameter, TpmError } from "../tpm-error.js";

const writers =
  nvAttributes.platformWrite | nvAttributes.ownerWrite | nvAttributes.authWrite | nvAttributes.policyWrite;
const readers = nvAttributes.platformRead | nvAttributes.ownerRead | nvAttributes.authRead | nvAttributes.policyRead;
const settable = writers | readers | nvAttributes.noDa | nvAttributes.platformCreate;

function check({ nameAlg, attributes, authPolicy, dataSize }: TpmsNvPublic): void {
  if (authPolicy.length > 0 && authPolicy.length !== hashOf(nameAlg).digestSize) throw new TpmError("size");
  if (dataSize > nvIndexMax) throw new TpmError("size");
  // Counters, bit fields, extended and locked indices are not known here.
  if (has(attributes, ~settable)) throw new TpmError("attributes");
  if (!has(attributes, writers) || !has(attributes, readers)) throw new TpmError("attributes");
}

/** Part 3, TPM2_NV_DefineSpace, for ordinary indices. */
export const nvDefineSpace = command({
  name: "NV_DefineSpace",
  code: 0x12a,
  handles: [user("provision")],
  parameters: struct({ auth: Tpm2bDigest, publicInfo: Tpm2bNvPublic }),
  response: struct({}),
  marks: ["nv"],
  run: (memory, [authority], { auth, publicInfo: publicArea }) => {
    const byPlatform = authority.handle === hierarchies.platform;
    blaming(parameter(2), () => check(publicArea));
    // Each authority makes its own kind.
    if (has(publicArea.attributes, nvAttributes.platformCreate) !== byPlatform) {
      throw new TpmError("attributes", handle(1));
    }
    const authValue = trimmed(auth);
    if (authValue.length > hashOf(publicArea.nameAlg).digestSize) throw new TpmError("size", parameter(1));
    if (memory.nv.has(publicArea.nvIndex)) throw new TpmError("nvDefined");
    if (memory.nv.size >= slots) throw new TpmError("nvSpace");
    memory.nv.set(publicArea.nvIndex, { publicArea, authValue, data: Buffer.alloc(publicArea.dataSize, 0xff) });
    return {};
  },
});
