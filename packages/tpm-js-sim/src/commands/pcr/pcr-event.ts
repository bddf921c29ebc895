import { digest } from "../../crypto/crypto.js";
import { command, user } from "../../memory/command.js";
import { countPcrChange, extendPcr, mayExtend, pcrBanks } from "../../memory/pcrs.js";
import { struct } from "../../wire/codec.js";
import { Tpm2bEvent, TpmlDigestValues } from "../../wire/structures.js";
import { TpmError } from "../../wire/tpm-error.js";

/** Part 3, TPM2_PCR_Event: the TPM itself hashes the event for every bank. */
export const pcrEvent = command({
  name: "PCR_Event",
  code: 0x13c,
  handles: [user("pcrOrNull")],
  parameters: struct({ eventData: Tpm2bEvent }),
  response: struct({ digests: TpmlDigestValues }),
  marks: ["nv"],
  run: (memory, [pcr], { eventData }) => {
    if (pcr.is === "pcr" && !mayExtend(pcr.handle)) throw new TpmError("locality");
    const digests = pcrBanks.map((hashAlg) => ({ hashAlg, digest: digest(hashAlg, eventData) }));
    if (pcr.is !== "pcr") return { digests };
    for (const each of digests) extendPcr(memory, each.hashAlg, pcr.handle, each.digest);
    countPcrChange(memory, pcr.handle);
    return { digests };
  },
});
