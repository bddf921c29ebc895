import { admin, command, plain } from "../../memory/command.js";
import { checkedAuth } from "../../objects/creation-data.js";
import { childOf } from "../../objects/objects.js";
import { privateAreaOf } from "../../objects/storage.js";
import { struct } from "../../wire/codec.js";
import { Tpm2bDigest, Tpm2bPrivate } from "../../wire/structures.js";
import { handle, TpmError } from "../../wire/tpm-error.js";

/**
 * Part 3, TPM2_ObjectChangeAuth: returns a private area with a new auth value. The loaded object keeps its old auth
 * value.
 */
export const objectChangeAuth = command({
  name: "ObjectChangeAuth",
  code: 0x150,
  handles: [admin("key"), plain("key")],
  parameters: struct({ newAuth: Tpm2bDigest }),
  response: struct({ outPrivate: Tpm2bPrivate }),
  run: (memory, [{ key }, { key: parent }], { newAuth }) => {
    const authValue = checkedAuth(newAuth, key.publicArea.nameAlg);
    const isParent = childOf(parent, key).qualifiedName.equals(key.qualifiedName);
    if (!isParent) throw new TpmError("type", handle(2));
    return { outPrivate: privateAreaOf(parent, { ...key, authValue }, memory.random(16)) };
  },
});
