import type { TpmKey } from "../../keys/keys.js";
import { makeKey } from "../../keys/make-key.js";
import { makePrimary } from "../../keys/primary.js";
import { isStorageKey } from "../../keys/public-checks.js";
import { command, type Entity, user } from "../../memory/command.js";
import type { TpmMemory } from "../../memory/state.js";
import { checkCreation, checkedAuth, givenData } from "../../objects/creation-data.js";
import { childOf, freeObjectHandle } from "../../objects/objects.js";
import { privateAreaOf } from "../../objects/storage.js";
import { decode, sized, struct } from "../../wire/codec.js";
import {
  Tpm2bName,
  Tpm2bPrivate,
  Tpm2bPublic,
  Tpm2bSensitiveCreate,
  type TpmtPublic,
  TpmtPublicIn,
} from "../../wire/structures.js";
import { blaming, handle as handlePlace, parameter, TpmError } from "../../wire/tpm-error.js";

/** The template, the auth value and the data of a new key. */
interface Wanted {
  readonly template: TpmtPublic;
  readonly authValue: Buffer;
  readonly data: Buffer | undefined;
}

function primaryIn(memory: TpmMemory, hierarchy: number, { template, authValue, data }: Wanted): TpmKey {
  const hierarchySeed = memory.seeds.get(hierarchy);
  if (hierarchySeed === undefined) throw new TpmError("hierarchy");
  const input = { hierarchy, template, hierarchySeed, hints: memory.hints, authValue, rsaKeys: memory.keyMaking };
  return makePrimary(data === undefined ? input : { ...input, data });
}

function keyUnder(memory: TpmMemory, parent: Exclude<Entity, { is: "session" }>, wanted: Wanted): TpmKey {
  if (parent.is !== "key") return primaryIn(memory, parent.handle, wanted);
  const { template, authValue, data } = wanted;
  return childOf(parent.key, {
    ...makeKey({ template, seed: memory.keyMaking.seed(), data, rsaKeys: memory.keyMaking }),
    authValue,
  });
}

/** The private area with which Load could load the key again; empty for a primary key. */
function privateOf(memory: TpmMemory, parent: Entity, key: TpmKey): Buffer {
  if (parent.is !== "key") return Buffer.alloc(0);
  return privateAreaOf(parent.key, key, memory.random(16));
}

/**
 * Part 3, TPM2_CreateLoaded: Create and Load at once, or CreatePrimary when the parent is a hierarchy. Derivation
 * parents are not supported.
 */
export const createLoaded = command({
  name: "CreateLoaded",
  code: 0x191,
  handles: [user("parent")],
  parameters: struct({ inSensitive: Tpm2bSensitiveCreate, inPublic: sized(1024) }),
  response: struct({ outPrivate: Tpm2bPrivate, outPublic: Tpm2bPublic, name: Tpm2bName }),
  makesHandle: true,
  run: (memory, [parent], { inSensitive, inPublic }) => {
    const handle = freeObjectHandle(memory);
    if (parent.is === "key" && !isStorageKey(parent.key.publicArea)) throw new TpmError("type", handlePlace(1));
    const template = blaming(parameter(2), () => decode(TpmtPublicIn, inPublic));
    const above = parent.is === "key" ? parent.key : undefined;
    blaming(parameter(2), () => checkCreation(template, inSensitive.data.length, above));
    const data = givenData(template, inSensitive.data);
    const authValue = checkedAuth(inSensitive.userAuth, template.nameAlg);
    const key = keyUnder(memory, parent, { template, authValue, data });
    const outPrivate = privateOf(memory, parent, key);
    memory.transient.set(handle, key);
    return { handle, response: { outPrivate, outPublic: key.publicArea, name: key.name } };
  },
});
