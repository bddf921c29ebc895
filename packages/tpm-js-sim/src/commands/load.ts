import { struct } from "../codec.js";
import { command, user } from "../command.js";
import { nameOf } from "../crypto.js";
import { publicAreaName } from "../keys.js";
import { checkPublicArea, checkReadable, isStorageKey } from "../public-checks.js";
import { freeHandle } from "../slots.js";
import { checkSensitive, unseal } from "../storage.js";
import { Tpm2bName, Tpm2bPrivate, Tpm2bPublic } from "../structures.js";
import { has, objectAttributes } from "../tables/attributes.js";
import { firstHandles } from "../tables/handles.js";
import { blaming, handle as handlePlace, parameter, TpmError } from "../tpm-error.js";

/** Part 3, TPM2_Load */
export const load = command({
  name: "Load",
  code: 0x157,
  handles: [user("key")],
  parameters: struct({ inPrivate: Tpm2bPrivate, inPublic: Tpm2bPublic }),
  response: struct({ name: Tpm2bName }),
  makesHandle: true,
  run: (memory, [{ key: parent }], { inPrivate, inPublic: publicArea }) => {
    blaming(parameter(2), () => checkReadable(publicArea));
    if (inPrivate.length === 0) throw new TpmError("size", parameter(1));
    if (!isStorageKey(parent.publicArea)) throw new TpmError("type", handlePlace(1));
    blaming(parameter(2), () =>
      checkPublicArea(publicArea, has(parent.publicArea.objectAttributes, objectAttributes.fixedTpm)),
    );
    const name = publicAreaName(publicArea);
    const sensitive = blaming(parameter(1), () => unseal(parent, name, inPrivate));
    checkSensitive(publicArea, sensitive, { public: parameter(2), sensitive: parameter(1) });
    const handle = freeHandle(firstHandles.transient, memory.transient.keys(), "objectMemory");
    memory.transient.set(handle, {
      is: "key",
      publicArea,
      name,
      qualifiedName: nameOf(publicArea.nameAlg, Buffer.concat([parent.qualifiedName, name])),
      hierarchy: parent.hierarchy,
      authValue: sensitive.authValue,
      seedValue: sensitive.seedValue,
      secret: { kind: "hmac", key: sensitive.sensitive },
    });
    return { handle, response: { name } };
  },
});
