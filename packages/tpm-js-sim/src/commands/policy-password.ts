import { struct, u32 } from "../codec.js";
import { command, plain } from "../command.js";
import { digest } from "../crypto.js";
import { policyAuthValueCode } from "./policy-auth-value.js";

/** Part 3, TPM2_PolicyPassword */
export const policyPassword = command({
  name: "PolicyPassword",
  code: 0x18c,
  handles: [plain("policySession")],
  parameters: struct({}),
  response: struct({}),
  run: (_memory, [{ session }]) => {
    session.policyDigest = digest(session.hashAlg, session.policyDigest, u32.encode(policyAuthValueCode));
    session.wants = "password";
    return {};
  },
});
