import { struct } from "../codec.js";
import { admin, command } from "../command.js";
import { trimmed } from "../entity-auth.js";
import { hashOf } from "../hashes.js";
import { Tpm2bDigest } from "../structures.js";
import { parameter, TpmError } from "../tpm-error.js";

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
