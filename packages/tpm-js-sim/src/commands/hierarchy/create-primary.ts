import { makePrimary } from "../../keys/primary.js";
import { command, user } from "../../memory/command.js";
import { checkCreation, checkedAuth, creationOf, creationParameters, givenData } from "../../objects/creation-data.js";
import { freeObjectHandle } from "../../objects/objects.js";
import { struct } from "../../wire/codec.js";
import { Tpm2bCreationData, Tpm2bDigest, Tpm2bName, Tpm2bPublic, TpmtTicket } from "../../wire/structures.js";
import { blaming, parameter, TpmError } from "../../wire/tpm-error.js";

/** Part 3, TPM2_CreatePrimary */
export const createPrimary = command({
  name: "CreatePrimary",
  code: 0x131,
  handles: [user("hierarchy")],
  parameters: creationParameters,
  response: struct({
    outPublic: Tpm2bPublic,
    creationData: Tpm2bCreationData,
    creationHash: Tpm2bDigest,
    creationTicket: TpmtTicket,
    name: Tpm2bName,
  }),
  makesHandle: true,
  run: (memory, [parent], { inSensitive, inPublic: template, outsideInfo, creationPcr }) => {
    blaming(parameter(2), () => checkCreation(template, inSensitive.data.length, undefined));
    const authValue = checkedAuth(inSensitive.userAuth, template.nameAlg);
    const handle = freeObjectHandle(memory);
    const hierarchy = parent.handle;
    const hierarchySeed = memory.seeds.get(hierarchy);
    if (hierarchySeed === undefined) throw new TpmError("hierarchy");
    const input = { hierarchy, template, hierarchySeed, hints: memory.hints, authValue, rsaKeys: memory.keyMaking };
    const data = givenData(template, inSensitive.data);
    const key = makePrimary(data === undefined ? input : { ...input, data });
    const { nameAlg } = template;
    const creation = creationOf(memory, { parent, nameAlg, creationPcr, outsideInfo, hierarchy, name: key.name });
    memory.transient.set(handle, key);
    return { handle, response: { outPublic: key.publicArea, ...creation, name: key.name } };
  },
});
