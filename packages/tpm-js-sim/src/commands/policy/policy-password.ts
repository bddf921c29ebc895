import { digest } from "../../crypto/crypto.js";
import { command, plain } from "../../memory/command.js";
import { struct, u32 } from "../../wire/codec.js";
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
