import { trimmed } from "../../authorization/entity-auth.js";
import { admin, command } from "../../memory/command.js";
import { struct } from "../../wire/codec.js";
import { hashOf } from "../../wire/hashes.js";
import { Tpm2bDigest } from "../../wire/structures.js";
import { parameter, TpmError } from "../../wire/tpm-error.js";

/** Part 3, TPM2_NV_ChangeAuth: the ADMIN role of an index is always a policy. */
export const nvChangeAuth = command({
  name: "NV_ChangeAuth",
  code: 0x13b,
  handles: [admin("nvIndex")],
  parameters: struct({ newAuth: Tpm2bDigest }),
  response: struct({}),
  marks: ["nv"],
  run: (_memory, [{ nv }], { newAuth }) => {
    const authValue = trimmed(newAuth);
    if (authValue.length > hashOf(nv.publicArea.nameAlg).digestSize) throw new TpmError("size", parameter(1));
    nv.authValue = authValue;
    return {};
  },
});
