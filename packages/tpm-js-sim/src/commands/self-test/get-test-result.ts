import { command } from "../../memory/command.js";
import { responseCodes } from "../../tables/response-codes.js";
import { struct, u32 } from "../../wire/codec.js";
import { Tpm2bMaxBuffer } from "../../wire/structures.js";

/** Part 3, TPM2_GetTestResult */
export const getTestResult = command({
  name: "GetTestResult",
  code: 0x17c,
  handles: [],
  parameters: struct({}),
  response: struct({ outData: Tpm2bMaxBuffer, testResult: u32 }),
  run: () => ({ outData: Buffer.alloc(0), testResult: responseCodes.success }),
});
