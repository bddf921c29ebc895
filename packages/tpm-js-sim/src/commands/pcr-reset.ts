import { struct } from "../codec.js";
import { command, user } from "../command.js";
import { countPcrChange, mayReset, resetPcr } from "../pcrs.js";
import { TpmError } from "../tpm-error.js";

/** Part 3, TPM2_PCR_Reset */
export const pcrReset = command({
  name: "PCR_Reset",
  code: 0x13d,
  handles: [user("pcr")],
  parameters: struct({}),
  response: struct({}),
  marks: ["nv"],
  run: (memory, [{ handle: pcr }]) => {
    if (!mayReset(pcr)) throw new TpmError("locality");
    resetPcr(memory, pcr);
    countPcrChange(memory, pcr);
    return {};
  },
});
