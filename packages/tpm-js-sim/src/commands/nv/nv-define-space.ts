import { trimmed } from "../../authorization/entity-auth.js";
import { command, user } from "../../memory/command.js";
import { has, nvAttributes, nvTypes } from "../../tables/attributes.js";
import { hierarchies, slots } from "../../tables/handles.js";
import { nvIndexMax } from "../../tables/properties.js";
import { struct } from "../../wire/codec.js";
import { hashOf } from "../../wire/hashes.js";
import { Tpm2bDigest, Tpm2bNvPublic, type TpmsNvPublic } from "../../wire/structures.js";
import { blaming, handle, parameter, TpmError } from "../../wire/tpm-error.js";

const writers =
  nvAttributes.platformWrite | nvAttributes.ownerWrite | nvAttributes.authWrite | nvAttributes.policyWrite;
const readers = nvAttributes.platformRead | nvAttributes.ownerRead | nvAttributes.authRead | nvAttributes.policyRead;
/** Attributes that only the TPM sets. */
const ofTheTpm = nvAttributes.written | nvAttributes.writeLocked | nvAttributes.readLocked;

/** Checks the size of an index of each kind. An ordinary index has any size up to the limit. */
function checkType({ nameAlg, attributes, dataSize }: TpmsNvPublic): void {
  const type = attributes & nvAttributes.type;
  if (type === nvTypes.ordinary) {
    if (dataSize > nvIndexMax) throw new TpmError("size");
    return;
  }
  const size = typedSizes.get(type) ?? (type === nvTypes.extend ? hashOf(nameAlg).digestSize : undefined);
  // PIN indices are not supported.
  if (size === undefined) throw new TpmError("attributes");
  // A counter that a start resets would give the same values twice.
  if (type === nvTypes.counter && has(attributes, nvAttributes.clearStClear)) throw new TpmError("attributes");
  if (dataSize !== size) throw new TpmError("size");
}

const typedSizes: ReadonlyMap<number, number> = new Map([
  [nvTypes.counter, 8],
  [nvTypes.bits, 8],
]);

function check(publicArea: TpmsNvPublic): void {
  const { nameAlg, attributes, authPolicy } = publicArea;
  if (authPolicy.length > 0 && authPolicy.length !== hashOf(nameAlg).digestSize) throw new TpmError("size");
  checkType(publicArea);
  if (has(attributes, ofTheTpm)) throw new TpmError("attributes");
  // An index whose content a start forgets cannot be locked for good.
  const forGood = has(attributes, nvAttributes.clearStClear) && has(attributes, nvAttributes.writeDefine);
  if (forGood) throw new TpmError("attributes");
  if (!has(attributes, writers) || !has(attributes, readers)) throw new TpmError("attributes");
}

/** Part 3, TPM2_NV_DefineSpace */
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
    // The platform creates indices with platformCreate, the owner creates those without.
    if (has(publicArea.attributes, nvAttributes.platformCreate) !== byPlatform) {
      throw new TpmError("attributes", handle(1));
    }
    // Only the platform may create an index whose deletion needs NV_UndefineSpaceSpecial.
    const special = has(publicArea.attributes, nvAttributes.policyDelete);
    if (special && !byPlatform) throw new TpmError("attributes", parameter(2));
    const authValue = trimmed(auth);
    if (authValue.length > hashOf(publicArea.nameAlg).digestSize) throw new TpmError("size", parameter(1));
    if (memory.nv.has(publicArea.nvIndex)) throw new TpmError("nvDefined");
    if (memory.nv.size >= slots) throw new TpmError("nvSpace");
    memory.nv.set(publicArea.nvIndex, { publicArea, authValue, data: Buffer.alloc(publicArea.dataSize, 0xff) });
    return {};
  },
});
