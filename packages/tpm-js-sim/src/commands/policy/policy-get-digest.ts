import { command, plain } from "../../memory/command.js";
import { struct } from "../../wire/codec.js";
import { Tpm2bDigest } from "../../wire/structures.js";

/** Part 3, TPM2_PolicyGetDigest */
export const policyGetDigest = command({
  name: "PolicyGetDigest",
  code: 0x189,
  handles: [plain("policySession")],
  parameters: struct({}),
  response: struct({ policyDigest: Tpm2bDigest }),
  run: (_memory, [{ session }]) => ({ policyDigest: session.policyDigest }),
});
