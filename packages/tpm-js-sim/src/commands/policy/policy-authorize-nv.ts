import { clearPolicyDigest, extendPolicy } from "../../authorization/policy.js";
import { command, plain, user } from "../../memory/command.js";
import { checkNvAccess } from "../../memory/nv.js";
import { Reader, struct } from "../../wire/codec.js";
import { TpmtHa } from "../../wire/structures.js";
import { TpmError } from "../../wire/tpm-error.js";

const code = 0x192;

/** Part 3, TPM2_PolicyAuthorizeNV: the policy so far must equal the policy in an NV index, a TPMT_HA. */
export const policyAuthorizeNv = command({
  name: "PolicyAuthorizeNV",
  code,
  handles: [user("nvAuth"), plain("nvIndex"), plain("policySession")],
  parameters: struct({}),
  response: struct({}),
  run: (_memory, [authority, { nv, name }, { session }]) => {
    if (session.type !== "trial") {
      checkNvAccess("read", authority.handle, nv);
      const approved = TpmtHa.read(new Reader(nv.data));
      if (approved.hashAlg !== session.hashAlg) throw new TpmError("hash");
      if (!approved.digest.equals(session.policyDigest)) throw new TpmError("value");
    }
    clearPolicyDigest(session);
    extendPolicy(session, code, name);
    return {};
  },
});
