import { extendPolicy } from "../../authorization/policy.js";
import { digest } from "../../crypto/crypto.js";
import { timeInfo } from "../../memory/clock.js";
import { command, plain } from "../../memory/command.js";
import { struct, u16 } from "../../wire/codec.js";
import { holds, TpmEo } from "../../wire/comparison.js";
import { Tpm2bDigest, TpmsTimeInfo } from "../../wire/structures.js";
import { parameter, TpmError } from "../../wire/tpm-error.js";

const code = 0x16d;

/**
 * Part 3, TPM2_PolicyCounterTimer: holds if the TPM's clocks and counters, a TPMS_TIME_INFO, compare with the operand
 * as requested.
 */
export const policyCounterTimer = command({
  name: "PolicyCounterTimer",
  code,
  handles: [plain("policySession")],
  parameters: struct({ operandB: Tpm2bDigest, offset: u16, operation: TpmEo }),
  response: struct({}),
  run: (memory, [{ session }], { operandB, offset, operation }) => {
    if (session.type !== "trial") {
      const now = TpmsTimeInfo.encode(timeInfo(memory));
      if (offset > now.length) throw new TpmError("value", parameter(2));
      if (now.length - offset < operandB.length) throw new TpmError("range");
      const there = now.subarray(offset, offset + operandB.length);
      if (!holds(operation, there, operandB)) throw new TpmError("policy");
    }
    const condition = digest(session.hashAlg, operandB, u16.encode(offset), u16.encode(operation));
    extendPolicy(session, code, condition);
    return {};
  },
});
