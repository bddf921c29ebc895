import { command, user } from "../../memory/command.js";
import { countPcrChange, mayReset, resetPcr } from "../../memory/pcrs.js";
import { struct } from "../../wire/codec.js";
import { TpmError } from "../../wire/tpm-error.js";

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
