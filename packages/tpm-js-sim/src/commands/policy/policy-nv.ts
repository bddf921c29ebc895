import { extendPolicy } from "../../authorization/policy.js";
import { digest } from "../../crypto/crypto.js";
import { command, plain, user } from "../../memory/command.js";
import { checkNvAccess } from "../../memory/nv.js";
import { struct, u16 } from "../../wire/codec.js";
import { holds, TpmEo } from "../../wire/comparison.js";
import { Tpm2bDigest } from "../../wire/structures.js";
import { parameter, TpmError } from "../../wire/tpm-error.js";

const code = 0x149;

/** Part 3, TPM2_PolicyNV: holds if the content of an index compares with the operand as requested. */
export const policyNv = command({
  name: "PolicyNV",
  code,
  handles: [user("nvAuth"), plain("nvIndex"), plain("policySession")],
  parameters: struct({ operandB: Tpm2bDigest, offset: u16, operation: TpmEo }),
  response: struct({}),
  run: (_memory, [authority, { nv, name }, { session }], { operandB, offset, operation }) => {
    if (session.type !== "trial") {
      checkNvAccess("read", authority.handle, nv);
      if (offset > nv.data.length) throw new TpmError("value", parameter(2));
      if (nv.data.length - offset < operandB.length) throw new TpmError("size", parameter(1));
      const there = nv.data.subarray(offset, offset + operandB.length);
      if (!holds(operation, there, operandB)) throw new TpmError("policy");
    }
    const condition = digest(session.hashAlg, operandB, u16.encode(offset), u16.encode(operation));
    extendPolicy(session, code, condition, name);
    return {};
  },
});
