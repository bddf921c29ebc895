import { trimmed } from "../../authorization/entity-auth.js";
import { command, user } from "../../memory/command.js";
import { algorithms } from "../../tables/algorithms.js";
import { struct } from "../../wire/codec.js";
import { hashOf } from "../../wire/hashes.js";
import { Tpm2bDigest } from "../../wire/structures.js";
import { parameter, TpmError } from "../../wire/tpm-error.js";

/** Part 3, TPM2_HierarchyChangeAuth */
export const hierarchyChangeAuth = command({
  name: "HierarchyChangeAuth",
  code: 0x129,
  handles: [user("hierarchyAuth")],
  parameters: struct({ newAuth: Tpm2bDigest }),
  response: struct({}),
  marks: ["nv"],
  run: (memory, [{ handle }], { newAuth }) => {
    const authValue = trimmed(newAuth);
    // The reference implementation's limit: the digest size of its context hash, SHA-512.
    if (authValue.length > hashOf(algorithms.sha512).digestSize) throw new TpmError("size", parameter(1));
    memory.authValues.set(handle, authValue);
    return {};
  },
});
