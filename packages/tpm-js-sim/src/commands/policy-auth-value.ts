import { struct, u32 } from "../codec.js";
import { command, plain } from "../command.js";
import { digest } from "../crypto.js";

/** TPM_CC_PolicyAuthValue; PolicyPassword has the same digest, so that either can satisfy a policy. */
export const policyAuthValueCode = 0x16b;

/** Part 3, TPM2_PolicyAuthValue */
export const policyAuthValue = command({
  name: "PolicyAuthValue",
  code: policyAuthValueCode,
  handles: [plain("policySession")],
  parameters: struct({}),
  response: struct({}),
  run: (_memory, [{ session }]) => {
    session.policyDigest = digest(session.hashAlg, session.policyDigest, u32.encode(policyAuthValueCode));
    session.wants = "authValue";
    return {};
  },
});
