import { digest } from "../../crypto/crypto.js";
import { command, plain } from "../../memory/command.js";
import { struct, u32 } from "../../wire/codec.js";
import { parameter, TpmError } from "../../wire/tpm-error.js";

const code = 0x16c;

/** Part 3, TPM2_PolicyCommandCode. @param isCommand whether this TPM has a command */
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
      if (!isCommand(allowed)) throw new TpmError("policyCc", parameter(1));
      session.policyDigest = digest(session.hashAlg, session.policyDigest, u32.encode(code), u32.encode(allowed));
      session.commandCode = allowed;
      return {};
    },
  });
}
