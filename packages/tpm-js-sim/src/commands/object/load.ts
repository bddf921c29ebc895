import { publicAreaName } from "../../keys/keys.js";
import { secretOf } from "../../keys/private-key-bytes.js";
import { checkPublicArea, isStorageKey } from "../../keys/public-checks.js";
import { command, user } from "../../memory/command.js";
import { childOf, freeObjectHandle } from "../../objects/objects.js";
import { unseal } from "../../objects/storage.js";
import { struct } from "../../wire/codec.js";
import { Tpm2bName, Tpm2bPrivate, Tpm2bPublicIn } from "../../wire/structures.js";
import { blaming, handle as handlePlace, parameter, TpmError } from "../../wire/tpm-error.js";

/** Part 3, TPM2_Load */
export const load = command({
  name: "Load",
  code: 0x157,
  handles: [user("key")],
  parameters: struct({ inPrivate: Tpm2bPrivate, inPublic: Tpm2bPublicIn }),
  response: struct({ name: Tpm2bName }),
  makesHandle: true,
  run: (memory, [{ key: parent }], { inPrivate, inPublic: publicArea }) => {
    if (inPrivate.length === 0) throw new TpmError("size", parameter(1));
    if (!isStorageKey(parent.publicArea)) throw new TpmError("type", handlePlace(1));
    blaming(parameter(2), () => checkPublicArea(publicArea, parent.publicArea.objectAttributes));
    const name = publicAreaName(publicArea);
    const sensitive = blaming(parameter(1), () => unseal(parent, name, inPrivate));
    const secret = secretOf(publicArea, sensitive, { public: parameter(2), sensitive: parameter(1) });
    const handle = freeObjectHandle(memory);
    const { authValue, seedValue } = sensitive;
    memory.transient.set(handle, childOf(parent, { publicArea, authValue, seedValue, secret }));
    return { handle, response: { name } };
  },
});
