import { makeKey } from "../../keys/make-key.js";
import { isStorageKey } from "../../keys/public-checks.js";
import { command, user } from "../../memory/command.js";
import { checkCreation, checkedAuth, creationOf, creationParameters, givenData } from "../../objects/creation-data.js";
import { childOf } from "../../objects/objects.js";
import { privateAreaOf } from "../../objects/storage.js";
import { struct } from "../../wire/codec.js";
import { Tpm2bCreationData, Tpm2bDigest, Tpm2bPrivate, Tpm2bPublic, TpmtTicket } from "../../wire/structures.js";
import { blaming, handle, parameter, TpmError } from "../../wire/tpm-error.js";

/** Part 3, TPM2_Create */
export const create = command({
  name: "Create",
  code: 0x153,
  handles: [user("key")],
  parameters: creationParameters,
  response: struct({
    outPrivate: Tpm2bPrivate,
    outPublic: Tpm2bPublic,
    creationData: Tpm2bCreationData,
    creationHash: Tpm2bDigest,
    creationTicket: TpmtTicket,
  }),
  run: (memory, [parent], { inSensitive, inPublic: template, outsideInfo, creationPcr }) => {
    if (!isStorageKey(parent.key.publicArea)) throw new TpmError("type", handle(1));
    blaming(parameter(2), () => checkCreation(template, inSensitive.data.length, parent.key));
    const data = givenData(template, inSensitive.data);
    const authValue = checkedAuth(inSensitive.userAuth, template.nameAlg);
    const seed = memory.keyMaking.seed();
    const made = makeKey({ template, seed, data, rsaKeys: memory.keyMaking });
    const key = childOf(parent.key, { ...made, authValue });
    const { nameAlg } = template;
    const { hierarchy, name, publicArea } = key;
    const creation = creationOf(memory, { parent, nameAlg, creationPcr, outsideInfo, hierarchy, name });
    const outPrivate = privateAreaOf(parent.key, key, memory.random(16));
    return { outPrivate, outPublic: publicArea, ...creation };
  },
});
