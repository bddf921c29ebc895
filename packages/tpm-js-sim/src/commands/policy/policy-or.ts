import { digest } from "../../crypto/crypto.js";
import { command, plain } from "../../memory/command.js";
import { struct, u32 } from "../../wire/codec.js";
import { TpmlDigest } from "../../wire/structures.js";
import { parameter, TpmError } from "../../wire/tpm-error.js";

const code = 0x171;

/** Part 3, TPM2_PolicyOR: one of two to eight branches holds. */
export const policyOr = command({
  name: "PolicyOR",
  code,
  handles: [plain("policySession")],
  parameters: struct({ pHashList: TpmlDigest }),
  response: struct({}),
  run: (_memory, [{ session }], { pHashList }) => {
    if (pHashList.length < 2) throw new TpmError("size", parameter(1));
    const holds = pHashList.some((branch) => branch.equals(session.policyDigest));
    if (session.type !== "trial" && !holds) throw new TpmError("value", parameter(1));
    const zeros = Buffer.alloc(session.policyDigest.length);
    session.policyDigest = digest(session.hashAlg, zeros, u32.encode(code), ...pHashList);
    return {};
  },
});
