import { extendPolicy } from "../../authorization/policy.js";
import { command, plain } from "../../memory/command.js";
import { struct, u8 } from "../../wire/codec.js";
import { parameter, TpmError } from "../../wire/tpm-error.js";

const code = 0x16f;

/** Bits of localities 0 to 4; from 32 on, the number of one extended locality (Part 2, TPMA_LOCALITY). */
const extended = 32;

/** The localities that both limits allow; undefined when no locality is left. */
function narrowed(before: number | undefined, asked: number): number | undefined {
  if (before === undefined) return asked;
  if (before >= extended || asked >= extended) return before === asked ? asked : undefined;
  return before & asked || undefined;
}

/** Part 3, TPM2_PolicyLocality */
export const policyLocality = command({
  name: "PolicyLocality",
  code,
  handles: [plain("policySession")],
  parameters: struct({ locality: u8 }),
  response: struct({}),
  run: (_memory, [{ session }], { locality }) => {
    const left = locality === 0 ? undefined : narrowed(session.locality, locality);
    if (left === undefined) throw new TpmError("range", parameter(1));
    extendPolicy(session, code, u8.encode(locality));
    session.locality = left;
    return {};
  },
});
