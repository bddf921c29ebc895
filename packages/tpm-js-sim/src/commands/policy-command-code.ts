import { struct, u32 } from "../codec.js";
import { command, plain } from "../command.js";
import { digest } from "../crypto.js";
import { parameter, TpmError } from "../tpm-error.js";

const code = 0x16c;
const duplicate = 0x14b;

/**
 * Part 3, TPM2_PolicyCommandCode. @param isCommand whether this TPM has a command; Duplicate is taken too, for DPS's
 * identity keys name it in their policy
 */
export function policyCommandCodeOf(isCommand: (code: number) => boolean) {
  return command({
    name: "PolicyCommandCode",
    code,
    handles: [plain("policySession")],
    parameters: struct({ code: u32 }),
    response: struct({}),
    run: (_memory, [{ session }], { code: allowed }) => {
      if (session.commandCode !== undefined && session.commandCode !== allowed)
        throw new TpmError("value", parameter(1));
      if (!isCommand(allowed) && allowed !== duplicate) throw new TpmError("policyCc", parameter(1));
      session.policyDigest = digest(session.hashAlg, session.policyDigest, u32.encode(code), u32.encode(allowed));
      session.commandCode = allowed;
      return {};
    },
  });
}
