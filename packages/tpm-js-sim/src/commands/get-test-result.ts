import { struct, u32 } from "../codec.js";
import { command } from "../command.js";
import { Tpm2bMaxBuffer } from "../structures.js";
import { responseCodes } from "../tables/response-codes.js";

/** Part 3, TPM2_GetTestResult */
export const getTestResult = command({
  name: "GetTestResult",
  code: 0x17c,
  handles: [],
  parameters: struct({}),
  response: struct({ outData: Tpm2bMaxBuffer, testResult: u32 }),
  run: () => ({ outData: Buffer.alloc(0), testResult: responseCodes.success }),
});
