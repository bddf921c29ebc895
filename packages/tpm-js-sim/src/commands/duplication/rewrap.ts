import { openSecret, type TpmKey } from "../../keys/keys.js";
import { unwrap } from "../../keys/protection.js";
import { isStorageKey } from "../../keys/public-checks.js";
import { command, type Entity, plain, user } from "../../memory/command.js";
import { symmetricBits } from "../../objects/storage.js";
import { struct } from "../../wire/codec.js";
import { Tpm2bEncryptedSecret, Tpm2bName, Tpm2bPrivate } from "../../wire/structures.js";
import { blaming, handle, parameter, TpmError } from "../../wire/tpm-error.js";
import { wrapFor } from "./duplicate.js";

function storageKey(entity: Entity, number: number): TpmKey {
  if (entity.is === "key" && isStorageKey(entity.key.publicArea)) return entity.key;
  throw new TpmError("type", handle(number));
}

/** Part 3, TPM2_Rewrap: replaces a duplicate's outer wrapper by one for another parent. The inner wrapper stays. */
export const rewrap = command({
  name: "Rewrap",
  code: 0x152,
  handles: [user("objectOrNull"), plain("objectOrNull")],
  parameters: struct({ inDuplicate: Tpm2bPrivate, name: Tpm2bName, inSymSeed: Tpm2bEncryptedSecret }),
  response: struct({ outDuplicate: Tpm2bPrivate, outSymSeed: Tpm2bEncryptedSecret }),
  run: (memory, [oldParent, newParent], { inDuplicate, name, inSymSeed }) => {
    const isUnwrapped = oldParent.is === "hierarchy";
    if (isUnwrapped !== (inSymSeed.length === 0)) throw new TpmError("handle", handle(1));
    const from = isUnwrapped ? undefined : storageKey(oldParent, 1);
    let inner = inDuplicate;
    if (from !== undefined) {
      const seed = blaming(parameter(3), () => openSecret(from, "DUPLICATE", inSymSeed));
      const wrapper = { hashAlg: from.publicArea.nameAlg, keyBits: symmetricBits(from.publicArea), seed, name };
      inner = blaming(parameter(1), () => unwrap(wrapper, inDuplicate));
    }
    const to = newParent.is === "hierarchy" ? undefined : storageKey(newParent, 2);
    const { duplicate: outDuplicate, outSymSeed } = wrapFor(memory, to, name, inner);
    return { outDuplicate, outSymSeed };
  },
});
