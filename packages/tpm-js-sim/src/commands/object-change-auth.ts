import { struct } from "../codec.js";
import { admin, command, plain } from "../command.js";
import { checkedAuth } from "../creation.js";
import { childOf } from "../objects.js";
import { privateAreaOf } from "../storage.js";
import { Tpm2bDigest, Tpm2bPrivate } from "../structures.js";
import { handle, TpmError } from "../tpm-error.js";

/** Part 3, TPM2_ObjectChangeAuth: a private area with another auth value; the loaded object keeps the one that it has. */
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
