import { digest } from "../../crypto/crypto.js";
import { command, plain } from "../../memory/command.js";
import { struct, u32 } from "../../wire/codec.js";

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
