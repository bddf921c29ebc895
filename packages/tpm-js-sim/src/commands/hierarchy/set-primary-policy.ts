import { command, user } from "../../memory/command.js";
import { algorithms } from "../../tables/algorithms.js";
import { struct } from "../../wire/codec.js";
import { hashOf } from "../../wire/hashes.js";
import { Tpm2bDigest, TpmiAlgHashOrNull } from "../../wire/structures.js";
import { parameter, TpmError } from "../../wire/tpm-error.js";

/**
 * Part 3, TPM2_SetPrimaryPolicy: sets a policy that authorizes a hierarchy besides its auth value. An empty policy with
 * hash NULL removes it.
 */
export const setPrimaryPolicy = command({
  name: "SetPrimaryPolicy",
  code: 0x12e,
  handles: [user("hierarchyAuth")],
  parameters: struct({ authPolicy: Tpm2bDigest, hashAlg: TpmiAlgHashOrNull }),
  response: struct({}),
  marks: ["nv"],
  run: (memory, [{ handle }], { authPolicy, hashAlg }) => {
    const isRemoval = hashAlg === algorithms.null;
    const size = isRemoval ? 0 : hashOf(hashAlg).digestSize;
    if (authPolicy.length !== size) throw new TpmError("size", parameter(1));
    if (isRemoval) memory.policies.delete(handle);
    else memory.policies.set(handle, { digest: authPolicy, hashAlg });
    return {};
  },
});
