import { nameOf } from "../../crypto/crypto.js";
import { curveOf, isPoint } from "../../crypto/ecc.js";
import { publicAreaName, type Secret } from "../../keys/keys.js";
import { secretOf } from "../../keys/private-key-bytes.js";
import { checkSchemes } from "../../keys/public-checks.js";
import { command } from "../../memory/command.js";
import { freeObjectHandle } from "../../objects/objects.js";
import { algorithms } from "../../tables/algorithms.js";
import { has, objectAttributes } from "../../tables/attributes.js";
import { hierarchies } from "../../tables/handles.js";
import { type Codec, checked, struct, u16, u32 } from "../../wire/codec.js";
import { hashOf } from "../../wire/hashes.js";
import { Tpm2bName, Tpm2bPublicIn, TpmiRhHierarchy, type TpmtPublic, TpmtSensitive } from "../../wire/structures.js";
import { blaming, parameter, TpmError } from "../../wire/tpm-error.js";

const keyTypes: readonly number[] = [algorithms.rsa, algorithms.keyedHash, algorithms.ecc, algorithms.symCipher];
const SensitiveIn = struct({
  ...TpmtSensitive.fields,
  sensitiveType: checked(u16, (type) => keyTypes.includes(type), "type"),
});

/** TPM2B_SENSITIVE, which may be empty here. */
const OptionalSensitive: Codec<TpmtSensitive | undefined> = {
  isSized: true,
  read: (reader) => {
    const length = u16.read(reader);
    if (length === 0) return undefined;
    const start = reader.offset;
    const sensitive = SensitiveIn.read(reader);
    if (reader.offset - start !== length) throw new TpmError("size");
    return sensitive;
  },
  encode: (sensitive) => {
    const bytes = sensitive === undefined ? Buffer.alloc(0) : TpmtSensitive.encode(sensitive);
    return Buffer.concat([u16.encode(bytes.length), bytes]);
  },
};

const tpmBound = objectAttributes.fixedTpm | objectAttributes.fixedParent | objectAttributes.restricted;

/** Checks that a public area without a private part is complete (reference implementation, CryptValidateKeys). */
function checkUnique(area: TpmtPublic): void {
  if (area.type === algorithms.ecc) {
    const curve = curveOf(area.parameters.curveId);
    const whole = area.unique.x.length === curve.size && area.unique.y.length === curve.size;
    if (!whole) throw new TpmError("key");
    if (!isPoint(curve, area.unique)) throw new TpmError("eccPoint");
    return;
  }
  const size = area.type === algorithms.rsa ? area.parameters.keyBits / 8 : hashOf(area.nameAlg).digestSize;
  if (area.unique.length !== size) throw new TpmError("key");
}

function secretFor(publicArea: TpmtPublic, sensitive: TpmtSensitive | undefined): Secret {
  if (sensitive === undefined) {
    blaming(parameter(2), () => checkUnique(publicArea));
    return { kind: "none" };
  }
  return secretOf(publicArea, sensitive, { public: parameter(2), sensitive: parameter(1) });
}

/** Part 3, TPM2_LoadExternal: loads any public key, or a whole key that no TPM protects. */
export const loadExternal = command({
  name: "LoadExternal",
  code: 0x167,
  handles: [],
  parameters: struct({ inPrivate: OptionalSensitive, inPublic: Tpm2bPublicIn, hierarchy: TpmiRhHierarchy }),
  response: struct({ name: Tpm2bName }),
  makesHandle: true,
  run: (memory, _entities, { inPrivate, inPublic: publicArea, hierarchy }) => {
    const handle = freeObjectHandle(memory);
    if (inPrivate !== undefined && hierarchy !== hierarchies.null) throw new TpmError("hierarchy", parameter(3));
    if (inPrivate !== undefined && has(publicArea.objectAttributes, tpmBound)) {
      throw new TpmError("attributes", parameter(2));
    }
    blaming(parameter(2), () => checkSchemes(publicArea));
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
