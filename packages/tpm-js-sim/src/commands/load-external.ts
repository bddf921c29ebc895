import { type Codec, Reader, struct, u16, u32 } from "../codec.js";
import { command } from "../command.js";
import { nameOf } from "../crypto.js";
import { publicAreaName, publicKeyOf, type Secret } from "../keys.js";
import { freeObjectHandle } from "../objects.js";
import { checkPublicArea, checkReadable } from "../public-checks.js";
import { secretOf } from "../secrets.js";
import { Tpm2bName, Tpm2bPublic, TpmtSensitive } from "../structures.js";
import { has, objectAttributes } from "../tables/attributes.js";
import { hierarchies, ticketHierarchies } from "../tables/handles.js";
import { blaming, parameter, TpmError } from "../tpm-error.js";

/** TPM2B_SENSITIVE, which may be empty here. */
const OptionalSensitive: Codec<TpmtSensitive | undefined> = {
  read: (reader) => {
    const length = u16.read(reader);
    if (length === 0) return undefined;
    const inner = new Reader(reader.take(length));
    const sensitive = TpmtSensitive.read(inner);
    if (inner.remaining > 0) throw new TpmError("size");
    return sensitive;
  },
  encode: (sensitive) => {
    const bytes = sensitive === undefined ? Buffer.alloc(0) : TpmtSensitive.encode(sensitive);
    return Buffer.concat([u16.encode(bytes.length), bytes]);
  },
};

const tpmBound = objectAttributes.fixedTpm | objectAttributes.fixedParent | objectAttributes.restricted;

function secretFor(publicArea: Parameters<typeof secretOf>[0], sensitive: TpmtSensitive | undefined): Secret {
  if (sensitive === undefined) {
    try {
      publicKeyOf(publicArea);
    } catch (cause) {
      throw new TpmError("value", parameter(2), { cause });
    }
    return { kind: "none" };
  }
  return secretOf(publicArea, sensitive, { public: parameter(2), sensitive: parameter(1) });
}

/** Part 3, TPM2_LoadExternal: a public key of anybody's, or a whole key that no TPM protects. */
export const loadExternal = command({
  name: "LoadExternal",
  code: 0x167,
  handles: [],
  parameters: struct({ inPrivate: OptionalSensitive, inPublic: Tpm2bPublic, hierarchy: u32 }),
  response: struct({ name: Tpm2bName }),
  makesHandle: true,
  run: (memory, _entities, { inPrivate, inPublic: publicArea, hierarchy }) => {
    blaming(parameter(2), () => checkReadable(publicArea));
    if (!ticketHierarchies.includes(hierarchy)) throw new TpmError("value", parameter(3));
    const handle = freeObjectHandle(memory);
    if (inPrivate !== undefined && hierarchy !== hierarchies.null) throw new TpmError("hierarchy", parameter(3));
    if (inPrivate !== undefined && has(publicArea.objectAttributes, tpmBound)) {
      throw new TpmError("attributes", parameter(2));
    }
    // A public key alone may come from a TPM; then nothing follows from where its parent was fixed.
    const fixed = has(publicArea.objectAttributes, objectAttributes.fixedTpm);
    blaming(parameter(2), () => checkPublicArea(publicArea, fixed));
    const secret = secretFor(publicArea, inPrivate);
    const name = publicAreaName(publicArea);
    memory.transient.set(handle, {
      is: "key",
      publicArea,
      name,
      qualifiedName: nameOf(publicArea.nameAlg, Buffer.concat([u32.encode(hierarchy), name])),
      hierarchy,
      authValue: inPrivate?.authValue ?? Buffer.alloc(0),
      seedValue: inPrivate?.seedValue ?? Buffer.alloc(0),
      secret,
    });
    return { handle, response: { name } };
  },
});
