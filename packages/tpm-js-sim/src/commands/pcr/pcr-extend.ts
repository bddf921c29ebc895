import { command, user } from "../../memory/command.js";
import { countPcrChange, extendPcr, mayExtend, pcrBanks } from "../../memory/pcrs.js";
import { struct } from "../../wire/codec.js";
import { TpmlDigestValues } from "../../wire/structures.js";
import { TpmError } from "../../wire/tpm-error.js";

/** Part 3, TPM2_PCR_Extend */
export const pcrExtend = command({
  name: "PCR_Extend",
  code: 0x182,
  handles: [user("pcrOrNull")],
  parameters: struct({ digests: TpmlDigestValues }),
  response: struct({}),
  marks: ["nv"],
  run: (memory, [pcr], { digests }) => {
    if (pcr.is !== "pcr") return {};
    if (!mayExtend(pcr.handle)) throw new TpmError("locality");
    const banks: readonly number[] = pcrBanks;
    for (const { hashAlg, digest } of digests) {
      if (banks.includes(hashAlg)) extendPcr(memory, hashAlg, pcr.handle, digest);
    }
    countPcrChange(memory, pcr.handle);
    return {};
  },
});
